// SPDX-License-Identifier: Apache-2.0
// Calls on a descriptor that the program brings, none of which waits: each returns what the call does, or a negative
// errno, -EAGAIN if it would have to wait. The descriptor is the kernel's own, whatever backend the loop runs on.

import CLinux
import Glibc

package enum SocketCalls {
  /// The most descriptors in one message (unix(7)).
  package static let mostDescriptors = Int(ASYNCIO_MOST_DESCRIPTORS)

  package static func receive(into room: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    unsafe asyncio_receive(descriptor, room.baseAddress, room.count)
  }

  /// The sender is nil if it has no name, or one of a family that isn't known here.
  package static func receiveFrom(
    into room: UnsafeMutableRawBufferPointer, from descriptor: Int32
  ) -> (result: Int, sender: SocketAddress?) {
    var storage = sockaddr_storage()
    var length: socklen_t = 0
    let result = unsafe asyncio_receive_from(descriptor, room.baseAddress, room.count, &storage, &length)
    return (result, result < 0 || length == 0 ? nil : SocketAddress(storage, length: length))
  }

  package static func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    unsafe asyncio_send(descriptor, bytes.baseAddress, bytes.count)
  }

  package static func send(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, address: SocketAddress
  ) -> Int {
    var (storage, length) = address.storage
    return unsafe asyncio_send_to(descriptor, bytes.baseAddress, bytes.count, &storage, length)
  }

  /// -EINPROGRESS if it will be known later.
  package static func connect(_ descriptor: Int32, to address: SocketAddress) -> Int32 {
    var (storage, length) = address.storage
    return unsafe asyncio_connect(descriptor, &storage, length)
  }

  /// What became of a connection that was in progress: 0, or a negative errno.
  package static func error(of descriptor: Int32) -> Int32 { asyncio_socket_error(descriptor) }

  /// The new descriptor is non-blocking and close-on-exec.
  package static func accept(on listener: Int32) -> Int32 { asyncio_accept_nonblocking(listener) }

  package static func sendFile(_ file: Int32, offset: Int64, count: Int, to descriptor: Int32) -> Int {
    asyncio_send_file(descriptor, file, off_t(offset), count)
  }

  /// Whether calls on the descriptor would wait instead of failing with EAGAIN.
  package static func isBlocking(_ descriptor: Int32) throws -> Bool {
    let flags = asyncio_status_flags(descriptor)
    guard flags >= 0 else { throw SystemError("fcntl", "descriptor \(descriptor)", result: flags) }
    return flags & O_NONBLOCK == 0
  }

  package static func peerAddress(of descriptor: Int32) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getpeername(descriptor, $0, &length) }
    }
    return result == 0 ? SocketAddress(storage, length: length) : nil
  }

  // MARK: - Unix sockets

  /// Sends bytes, one at least, and copies of descriptors with the first of them.
  package static func send(
    _ bytes: UnsafeRawBufferPointer, descriptors: [Int32], to socket: Int32
  ) -> Int {
    unsafe descriptors.withUnsafeBufferPointer { list in
      unsafe asyncio_send_descriptors(socket, bytes.baseAddress, bytes.count, list.baseAddress, list.count)
    }
  }

  /// What a message brought besides its bytes.
  package struct ReceivedDescriptors {
    /// Close-on-exec; the receiver's to close.
    package var numbers: [Int32] = []
    /// Some were lost: there was no room for them, or the process has too many open (MSG_CTRUNC).
    package var areTruncated = false
  }

  /// - Parameter capacity: How many descriptors to take at most, up to `mostDescriptors`.
  package static func receive(
    into room: UnsafeMutableRawBufferPointer, capacity: Int, from socket: Int32
  ) -> (result: Int, descriptors: ReceivedDescriptors) {
    var received = ReceivedDescriptors()
    let result = unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: max(1, capacity)) { list in
      var count = 0
      var truncated: Int32 = 0
      let result = unsafe asyncio_receive_descriptors(
        socket, room.baseAddress, room.count, list.baseAddress, capacity, &count, &truncated)
      if count > 0 { received.numbers = unsafe Array(list[..<count]) }
      received.areTruncated = truncated != 0
      return result
    }
    return (result, received)
  }

  /// Who was at the other end when it was connected: process, user and group; nil of what is no Unix socket.
  package static func peerCredentials(of socket: Int32) -> (process: Int32, user: UInt32, group: UInt32)? {
    var credentials = asyncio_credentials()
    guard unsafe asyncio_peer_credentials(socket, &credentials) == 0, credentials.process != 0 else { return nil }
    return (credentials.process, credentials.user, credentials.group)
  }
}
