// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension SystemCall {
  package enum SocketType {
    case stream, datagrams

    fileprivate var number: Int32 { Int32(self == .stream ? SOCK_STREAM.rawValue : SOCK_DGRAM.rawValue) }
  }

  /// The new descriptor is close-on-exec.
  ///
  /// - Parameter flags: SOCK_NONBLOCK or 0.
  package static func socket(
    for address: SocketAddress, _ type: SocketType = .stream, flags: Int32 = 0
  ) -> Int32 {
    let descriptor = Glibc.socket(
      address.kernelFamily, type.number | Int32(SOCK_CLOEXEC.rawValue) | flags, 0)
    return descriptor < 0 ? -errno : descriptor
  }

  static func bind(_ descriptor: Int32, to address: SocketAddress) -> Int32 {
    unsafe with(address) { unsafe Glibc.bind(descriptor, $0, $1) }
  }

  /// -EINPROGRESS if it will be known later: see `error`.
  package static func connect(_ descriptor: Int32, to address: SocketAddress) -> Int32 {
    unsafe with(address) { unsafe Glibc.connect(descriptor, $0, $1) }
  }

  private static func with(_ address: SocketAddress, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var (storage, length) = address.storage
    let result = unsafe withUnsafePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call($0, length) }
    }
    return result < 0 ? -errno : result
  }

  static func listen(_ descriptor: Int32, backlog: Int32) -> Int32 {
    Glibc.listen(descriptor, backlog) < 0 ? -errno : 0
  }

  /// The new descriptor is close-on-exec.
  ///
  /// - Parameter isNonBlocking: Whether it also is O_NONBLOCK.
  package static func accept(on listener: Int32, isNonBlocking: Bool) -> Int32 {
    asyncio_accept(listener, isNonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
  }

  /// Ends the output (SHUT_WR).
  static func shutdownWriting(_ descriptor: Int32) -> Int32 {
    shutdown(descriptor, Int32(SHUT_WR)) < 0 ? -errno : 0
  }

  /// Nil of what has no address, or one of a family that isn't known here.
  package static func localAddress(of descriptor: Int32) -> SocketAddress? {
    unsafe address { unsafe getsockname(descriptor, $0, $1) }
  }

  package static func peerAddress(of descriptor: Int32) -> SocketAddress? {
    unsafe address { unsafe getpeername(descriptor, $0, $1) }
  }

  private static func address(
    _ get: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe get($0, &length) }
    }
    return result == 0 ? SocketAddress(storage, length: length) : nil
  }

  // MARK: - Options

  /// - Returns: 0 and the value, or a negative errno.
  static func option(_ level: Int32, _ name: Int32, of descriptor: Int32) -> (result: Int32, value: Int32) {
    var value: Int32 = 0
    let result = unsafe asyncio_get_option(descriptor, level, name, &value)
    return (result, value)
  }

  @discardableResult
  static func setOption(_ level: Int32, _ name: Int32, to value: Int32 = 1, of descriptor: Int32) -> Int32 {
    asyncio_set_option(descriptor, level, name, value)
  }

  /// What became of a connection that was in progress (SO_ERROR): 0, or a negative errno.
  package static func error(of descriptor: Int32) -> Int32 {
    let (result, code) = option(SOL_SOCKET, SO_ERROR, of: descriptor)
    return result < 0 ? result : -code
  }

  // MARK: - Bytes

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

  /// A datagram to an address; nil is the peer of a connected socket.
  package static func send(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, address: SocketAddress?
  ) -> Int {
    guard let address else { return unsafe send(bytes, to: descriptor) }
    var (storage, length) = address.storage
    return unsafe asyncio_send_to(descriptor, bytes.baseAddress, bytes.count, &storage, length)
  }

  // MARK: - Unix sockets

  /// The most descriptors in one message (unix(7)).
  package static let mostDescriptors = Int(ASYNCIO_MOST_DESCRIPTORS)

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
    /// Some were lost: they didn't fit, or the process has too many open (MSG_CTRUNC).
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

  /// Who was at the other end when it was connected: process, user and group; nil of anything but a Unix socket.
  package static func peerCredentials(of socket: Int32) -> (process: Int32, user: UInt32, group: UInt32)? {
    var credentials = asyncio_credentials()
    guard unsafe asyncio_peer_credentials(socket, &credentials) == 0, credentials.process != 0 else { return nil }
    return (credentials.process, credentials.user, credentials.group)
  }
}
