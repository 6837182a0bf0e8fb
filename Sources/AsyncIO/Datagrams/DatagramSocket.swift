// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A datagram socket: UDP over IPv4 or IPv6, or Unix datagrams; asyncio's `create_datagram_endpoint`.
///
/// A socket that is bound to an address receives from every sender and names the destination of each datagram. A
/// connected socket has a single peer. Datagrams arrive without a receive call and wait here, up to
/// `DatagramOptions.queueLimit`, then in the kernel's buffer. When that is also full the kernel drops the newest. UDP
/// may also lose, duplicate and reorder them on the way.
///
/// ```swift
/// let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 9999)
/// for try await datagram in socket {
///   try await socket.send(datagram.bytes, to: datagram.peer)
/// }
/// ```
///
/// A socket belongs to the loop that it was opened on. It works from anywhere, and from several tasks at a time: called
/// off its loop, a method hops there and back. Each datagram goes to one receiver, and the receivers take turns.
///
/// **Errors of the network**, as ICMP reports them, reach a connected socket. The next `send` or `receive` throws a
/// `SystemError`, once, with `connectionRefused` if the peer's port is closed, and the socket goes on. A socket without
/// a peer isn't told.
///
/// **Cancellation** of a receive throws `CancellationError` and loses nothing: datagrams that have arrived stay for the
/// next receive. Cancellation of a send throws only while it waits for room, and the datagram was then not sent.
public final class DatagramSocket: @unchecked Sendable {
  // Sendable: the transport is used only on its loop's thread, which every call checks. Its addresses never change, and
  // its counters are atomic.
  package let transport: DatagramTransport

  init(_ transport: DatagramTransport) { self.transport = transport }

  deinit {
    let loop = transport.loop
    if loop.isCurrent {
      transport.closeForgotten()
    } else if !loop.isClosed {
      let box = UncheckedBox(transport)
      loop.postFromAnywhere { _ in box.value.closeForgotten() }
    }
  }

  // MARK: - About the socket

  /// The socket's own address; with a peer, the address that it sends from.
  public var localAddress: SocketAddress { transport.local }

  /// The peer of a connected socket; nil otherwise.
  public var peerAddress: SocketAddress? { transport.peer }

  /// The port of `localAddress`; 0 for a Unix socket.
  public var port: UInt16 { transport.local.port }

  /// The socket's counts so far. From any thread.
  public var statistics: DatagramStatistics { transport.counters.snapshot }

  // MARK: - The end

  /// Closes the socket. Tasks that wait to send or to receive get `DatagramError.closed`, and sequences end. Datagrams
  /// that have arrived and were not received are dropped; those sent are on their way. Closing again does nothing. From
  /// any thread.
  public func close() {
    if transport.loop.isCurrent {
      transport.close()
    } else if !transport.loop.isClosed {
      let box = UncheckedBox(transport)
      transport.loop.postFromAnywhere { _ in box.value.close() }
    }
  }

  /// Waits until the socket is closed and its address free; asyncio's `wait_closed`.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits; the socket is not affected.
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
    try await transport.loop.hop(with: transport, body)
  }
}
