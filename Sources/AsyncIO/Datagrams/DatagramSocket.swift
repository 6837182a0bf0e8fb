// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A socket of datagrams: UDP over IPv4 or IPv6, or Unix datagrams; asyncio's `create_datagram_endpoint`.
///
/// One that is bound to an address receives from everybody and says to whom it sends; one that is connected has a single
/// peer. Datagrams arrive by themselves and wait here, up to `DatagramOptions.queueLimit`; then in the kernel's buffer,
/// and when that is full too they are dropped, the newest first. UDP may also lose, double and reorder them on the way.
///
/// ```swift
/// let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 9999)
/// for try await datagram in socket {
///   try await socket.send(datagram.bytes, to: datagram.peer)
/// }
/// ```
///
/// A socket belongs to the loop that it was opened on and works from anywhere, from several tasks at a time too: called
/// off that loop, a method hops there and back. Each datagram goes to one receiver, and the receivers take turns.
///
/// **Errors of the network**, as ICMP reports them, reach a connected socket: the next `send` or `receive` throws, once,
/// `SystemError` with `connectionRefused` if nobody has the peer's port, and the socket goes on. A socket without a peer
/// isn't told.
///
/// **Cancellation** of a receive throws `CancellationError` and loses nothing: what has arrived stays for the next one.
/// That of a send throws it only while it waits for room, and the datagram was not sent.
public final class DatagramSocket: @unchecked Sendable {
  // Sendable: the transport is used only on its loop's thread, which every call checks; its addresses and counters never
  // change or are atomic.
  package let transport: DatagramTransport

  init(_ transport: DatagramTransport) { self.transport = transport }

  deinit {
    let loop = transport.loop
    if loop.isCurrent {
      transport.closeForgotten()
    } else if !loop.isClosed {
      let box = UncheckedTransport(transport: transport)
      loop.postFromAnywhere { _ in box.transport.closeForgotten() }
    }
  }

  // MARK: - About the socket

  /// The socket's own address. With a peer, the one that it sends from.
  public var localAddress: SocketAddress { transport.local }

  /// The peer of a connected socket.
  public var peerAddress: SocketAddress? { transport.peer }

  /// The port of `localAddress`; 0 for a Unix socket.
  public var port: UInt16 { transport.local.port }

  /// What the socket has done so far. From any thread.
  public var statistics: DatagramStatistics { transport.counters.snapshot }

  // MARK: - The end

  /// Closes the socket: whoever waits to send or to receive gets `DatagramError.closed`, sequences end, and what has
  /// arrived and was not received is dropped. What was sent is on its way. Closing again does nothing. From any thread.
  public func close() {
    if transport.loop.isCurrent {
      transport.close()
    } else if !transport.loop.isClosed {
      let box = UncheckedTransport(transport: transport)
      transport.loop.postFromAnywhere { _ in box.transport.close() }
    }
  }

  /// Returns when the socket is closed and its address free; asyncio's `wait_closed`. Cancellation throws, and changes
  /// nothing.
  public nonisolated(nonsending) func waitClosed() async throws {
    if isCurrent(for: #isolation) { return try await transport.waitClosed() }
    try await onLoop { try await $0.waitClosed() }
  }

  // MARK: - The loop

  func isCurrent(for isolation: (any Actor)?) -> Bool { transport.loop.isCurrent(for: isolation) }

  /// Runs the body on the loop that the socket belongs to.
  func onLoop<Result>(
    _ body: sending (DatagramTransport) async throws -> sending Result
  ) async throws -> sending Result {
    let loop = transport.loop
    if loop.isClosed { throw EventLoopError.closed }
    let box = UncheckedTransport(transport: transport)
    return try await loop.anchor.run {
      guard !loop.isClosed else { throw EventLoopError.closed }
      return try await body(box.transport)
    }
  }
}

private struct UncheckedTransport: @unchecked Sendable {
  // Sendable: carried to the loop's thread, and used there.
  let transport: DatagramTransport
}
