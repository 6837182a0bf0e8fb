// SPDX-License-Identifier: Apache-2.0
// Operations on a socket that the program brings and keeps. Each tries its call first, and waits for readiness only if
// the call would block. So an operation whose bytes are there doesn't suspend. A cancelled operation has done nothing,
// since a call is made only when its result goes to the caller.

public import AsyncIOCore
import Glibc

/// A non-blocking socket of the program's, with operations that wait for it; asyncio's `sock_recv` and its kin.
///
/// ```swift
/// let socket = try RawSocket(descriptor)
/// try await socket.sendAll(Array("ping\n".utf8))
/// let answer = try await socket.receive(upTo: 4096)
/// ```
///
/// The descriptor stays the program's. The program sets its options, and closes it when no operation waits for it any
/// more. Streams (`ByteStream.adopting`) are faster and take the descriptor over. This is for code that has sockets of
/// its own, and for kinds of sockets that streams don't support.
///
/// **Cancellation** of an operation that waits throws `CancellationError` and loses nothing, unless it says otherwise.
/// **Errors** of the system calls are thrown as `SystemError`.
public struct RawSocket: Hashable, Sendable {
  /// The socket's descriptor.
  public let descriptor: Int32

  /// Makes the operations of a socket available.
  ///
  /// - Throws: `SystemError` if the descriptor blocks: a call that waits would stop the loop. Open it with
  ///   SOCK_NONBLOCK, or set O_NONBLOCK (fcntl(2)).
  public init(_ descriptor: Int32) throws {
    let flags = SystemCall.statusFlags(of: descriptor)
    guard flags >= 0 else { throw SystemError("fcntl", "descriptor \(descriptor)", result: flags) }
    guard flags & O_NONBLOCK != 0 else {
      throw SystemError(
        "RawSocket", "descriptor \(descriptor), which blocks (set O_NONBLOCK first)", code: .invalidArgument)
    }
    self.descriptor = descriptor
  }

  /// Takes a descriptor that is known not to block.
  init(nonBlocking descriptor: Int32) { self.descriptor = descriptor }

  // MARK: - Receiving

  /// The most memory for one call of recv(2), whatever the caller's count: a socket has no more at a time.
  private static let largestReceive = 4 * 1024 * 1024

  /// Waits for some bytes and returns them, at most `count`; asyncio's `sock_recv`.
  ///
  /// - Returns: At least one byte, or none at the end of the stream.
  /// - Throws: `SystemError` if the connection is lost; `CancellationError` if the task is cancelled while it waits.
  public nonisolated(nonsending) func receive(upTo count: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    _ = try await receive(into: &bytes, upTo: count)
    return bytes
  }

  /// Waits for some bytes, at most `count`, and replaces an array's contents with them; asyncio's `sock_recv_into`. At
  /// the end of the stream the array is then empty. The array's memory is reused.
  ///
  /// ```swift
  /// var buffer: [UInt8] = []
  /// while try await socket.receive(into: &buffer) > 0 { print(buffer.count, "bytes") }
  /// ```
  ///
  /// - Returns: The number of bytes.
  /// - Throws: As `receive(upTo:)` does; the array may then be empty.
  @discardableResult
  public nonisolated(nonsending) func receive(
    into buffer: inout [UInt8], upTo count: Int = 65_536
  ) async throws -> Int {
    require(count > 0, "RawSocket.receive: count must be 1 or more")
    return try await waiting(for: .input, "receive") {
      var result = 0
      buffer.removeAll(keepingCapacity: true)
      unsafe withRoom(for: count, in: &buffer) { room in
        result = unsafe SystemCall.receive(into: room, from: descriptor)
        return result
      }
      return result
    }
  }

  /// Waits for a datagram and returns it with the address of its sender; asyncio's `sock_recvfrom`.
  ///
  /// - Parameter count: The most bytes to take. The rest of a longer datagram is lost.
  /// - Returns: The bytes, and the sender; nil if the sender has no name.
  /// - Throws: As `receive(upTo:)` does.
  public nonisolated(nonsending) func receiveFrom(
    upTo count: Int = 65_536
  ) async throws -> (bytes: [UInt8], sender: SocketAddress?) {
    require(count > 0, "RawSocket.receiveFrom: count must be 1 or more")
    var bytes: [UInt8] = []
    var sender: SocketAddress?
    _ = try await waiting(for: .input, "receive") {
      var result = 0
      unsafe withRoom(for: count, in: &bytes) { room in
        (result, sender) = unsafe SystemCall.receiveFrom(into: room, from: descriptor)
        return result
      }
      return result
    }
    return (bytes, sender)
  }

  // MARK: - Sending

  /// Sends all bytes; asyncio's `sock_sendall`.
  ///
  /// **Cancellation** throws while it waits for room: some of the bytes may have been sent, and it is unknown how many.
  public nonisolated(nonsending) func sendAll(_ bytes: [UInt8]) async throws {
    var sent = 0
    while sent < bytes.count {
      sent += try await waiting(for: .output, "send") {
        unsafe bytes.withUnsafeBytes {
          unsafe SystemCall.send(UnsafeRawBufferPointer(rebasing: $0[sent...]), to: descriptor)
        }
      }
    }
  }

  /// Sends a datagram to an address; asyncio's `sock_sendto`.
  ///
  /// - Returns: How many bytes were sent.
  /// - Throws: `SystemError` if it can't be sent; `CancellationError` if the task is cancelled while it waits for room.
  @discardableResult
  public nonisolated(nonsending) func send(_ bytes: [UInt8], to address: SocketAddress) async throws -> Int {
    try await waiting(for: .output, "send", to: address) {
      unsafe bytes.withUnsafeBytes { unsafe SystemCall.send($0, to: descriptor, address: address) }
    }
  }

  // MARK: - Connections

  /// Connects the socket; asyncio's `sock_connect`, which takes numeric addresses too.
  ///
  /// **Cancellation** throws, and leaves the state of the connection to the kernel: close the socket.
  public nonisolated(nonsending) func connect(to address: SocketAddress) async throws {
    var result = SystemCall.connect(descriptor, to: address)
    if result == SystemError.Code.inProgress.result || result == SystemError.Code.interrupted.result {
      try await waitWritable(descriptor)
      result = SystemCall.error(of: descriptor)
    }
    if result < 0 { throw SystemError("connect", address.description, result: result) }
  }

  /// Waits for a connection to a listening socket; asyncio's `sock_accept`.
  ///
  /// - Returns: The connection, which is non-blocking and the caller's to close, and its peer.
  /// - Throws: `SystemError` if accepting fails; `CancellationError` if the task is cancelled while it waits.
  public nonisolated(nonsending) func accept() async throws -> (socket: RawSocket, peer: SocketAddress?) {
    let accepted = try await waiting(for: .input, "accept") {
      var result = SystemCall.accept(on: descriptor, isNonBlocking: true)
      var attempts = 1
      // The peer gave up before our accept (accept(2)). The listener hasn't failed, unless every accept does that.
      while result == SystemError.Code.connectionAborted.result && attempts < 64 {
        result = SystemCall.accept(on: descriptor, isNonBlocking: true)
        attempts += 1
      }
      return Int(result)
    }
    let socket = RawSocket(nonBlocking: Int32(accepted))
    return (socket, SystemCall.peerAddress(of: socket.descriptor))
  }

  // MARK: - Parts

  /// Repeats the call until it has done something, and waits for readiness in between.
  nonisolated(nonsending) func waiting(
    for direction: DescriptorWatch.Direction, _ operation: String, to address: SocketAddress? = nil,
    _ call: () -> Int
  ) async throws -> Int {
    // Operations that never wait must not keep the loop.
    try await EventLoop.spendBudget()
    while true {
      let result = call()
      if result >= 0 { return result }
      let code = SystemError.Code(rawValue: Int32(-result))
      if code == .interrupted { continue }
      guard code == .tryAgain else {
        throw SystemError(operation, address?.description ?? "descriptor \(descriptor)", code: code)
      }
      if direction == .input { try await waitReadable(descriptor) } else { try await waitWritable(descriptor) }
    }
  }

  /// Lets the body write into new room at the array's end. The array grows by the number of bytes that the body
  /// returns.
  private func withRoom(for most: Int, in buffer: inout [UInt8], _ body: (UnsafeMutableRawBufferPointer) -> Int) {
    let count = min(most, Self.largestReceive)
    buffer.append(addingCapacity: count) { span in
      unsafe span.withUnsafeMutableBufferPointer { room, initialized in
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(room)[..<count])
        initialized = unsafe max(0, body(room))
      }
    }
  }
}
