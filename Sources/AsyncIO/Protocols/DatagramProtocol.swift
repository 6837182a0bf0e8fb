// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A protocol that receives datagrams as they come; asyncio's `DatagramProtocol`.
///
/// ```swift
/// final class Echo: DatagramProtocol {
///   private var endpoint: DatagramEndpoint?
///   func connectionMade(_ endpoint: DatagramEndpoint) { self.endpoint = endpoint }
///   func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) { endpoint?.send(data, to: peer) }
/// }
///
/// let socket = try await DatagramSocket.bind(to: .loopback(port: 9999))
/// let (endpoint, echo) = try await EventLoop.current.createDatagramEndpoint(over: socket) { Echo() }
/// ```
///
/// All calls come on the loop's thread: see `BaseProtocol`. `connectionMade` comes first and `connectionLost` last,
/// each once.
public protocol DatagramProtocol: AnyObject {
  /// The endpoint is open. Keep it, to send.
  func connectionMade(_ endpoint: DatagramEndpoint)

  /// A datagram has come. Its bytes are lent for the duration of the call.
  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress)

  /// The network or the kernel reports that a datagram could not be sent or received. The endpoint goes on.
  func errorReceived(_ error: any Error)

  /// The endpoint is closed.
  ///
  /// - Parameter error: The reason; nil after a `close` or `abort`.
  func connectionLost(_ error: (any Error)?)

  /// More than the endpoint's high limit waits to be sent: stop sending.
  func pauseWriting()

  /// The waiting bytes have fallen to the low limit: go on sending.
  func resumeWriting()
}

extension DatagramProtocol {
  /// Does nothing.
  public func connectionMade(_ endpoint: DatagramEndpoint) {}
  /// Does nothing.
  public func errorReceived(_ error: any Error) {}
  /// Does nothing.
  public func connectionLost(_ error: (any Error)?) {}
  /// Does nothing.
  public func pauseWriting() {}
  /// Does nothing.
  public func resumeWriting() {}
}
