// SPDX-License-Identifier: Apache-2.0

/// What a backend does for streams beyond single buffers; all of it completes at once.
package protocol StreamDriver: AnyObject {
  /// Sends what fits of several buffers without waiting (sendmsg(2)): the number of bytes, or a negative errno.
  func send(_ buffers: [UnsafeRawBufferPointer], to descriptor: Int32) -> Int

  /// Sends what fits of a file without copying it through the process (sendfile(2)): the number of bytes, 0 at the end
  /// of the file, or a negative errno; EINVAL where that can't be had.
  func sendFile(_ file: Int32, from offset: Int, count: Int, to descriptor: Int32) -> Int

  /// An integer option (getsockopt(2)).
  func option(_ name: SocketOptionName, of descriptor: Int32) throws -> Int32
  func setOption(_ name: SocketOptionName, to value: Int32, of descriptor: Int32) throws
}

/// An option of a socket as setsockopt(2) names it.
package struct SocketOptionName: Hashable, Sendable {
  package let level: Int32
  package let number: Int32
  /// As the manual writes it: `TCP_NODELAY`.
  package let text: String

  package init(level: Int32, number: Int32, text: String) {
    self.level = level
    self.number = number
    self.text = text
  }
}
