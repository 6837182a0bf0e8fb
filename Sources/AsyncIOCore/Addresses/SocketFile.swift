// SPDX-License-Identifier: Apache-2.0
// The file that bind(2) makes at a Unix socket's path. It outlives the socket, and the next bind at that path fails. So
// a server removes its own file when it closes. One that finds another's file checks whether a server still listens
// there. Python's asyncio takes the path away from a running server; we don't.

import CLinux
import Glibc

/// The file of a listening Unix socket, identified by its inode: another server may have taken the path since.
package struct SocketFile: Hashable, Sendable {
  private let path: String
  private let device: UInt
  private let inode: UInt

  /// The socket file at a path; nil if there is not one.
  init?(at path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    self.path = path
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
  }

  /// Removes the file, unless another one has taken its place.
  func remove() {
    if SocketFile(at: path) == self { unsafe _ = unlink(path) }
  }

  /// Whether no socket of this type listens there any more: then the kernel refuses a connection at once.
  func isStale(type: SystemCall.SocketType = .stream) -> Bool {
    guard let address = SocketAddress(unixPath: path) else { return false }
    let descriptor = SystemCall.socket(for: address, type, flags: Int32(SOCK_NONBLOCK.rawValue))
    guard descriptor >= 0 else { return false }
    defer { SystemCall.close(descriptor) }
    return SystemCall.connect(descriptor, to: address) == -ECONNREFUSED
  }
}
