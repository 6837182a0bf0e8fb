// SPDX-License-Identifier: Apache-2.0
// The file that bind(2) makes at a Unix socket's path. It outlives the socket, and the next bind at that path fails:
// so a server removes its own when it closes, and one that finds another's asks whether anybody still listens there.
// asyncio takes the path away from a server that runs; we don't.

import CLinux
import Glibc

/// A file that belongs to a listening Unix socket, known by its inode: another server may have taken the path since.
package struct SocketFile: Hashable, Sendable {
  private let path: String
  private let device: UInt
  private let inode: UInt

  /// The socket at a path; nil if there is none.
  init?(at path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    self.path = path
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
  }

  /// Removes it, unless there is another one by now.
  func remove() {
    if SocketFile(at: path) == self { unsafe _ = unlink(path) }
  }

  /// Whether nobody has a socket of the type there any more: then a connection is refused at once.
  func isStale(type: __socket_type = SOCK_STREAM) -> Bool {
    guard let address = SocketAddress(unixPath: path) else { return false }
    let type = Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { return false }
    defer { _ = close(descriptor) }
    var (storage, length) = address.storage
    let result = unsafe withUnsafePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, length) }
    }
    return result < 0 && errno == ECONNREFUSED
  }
}
