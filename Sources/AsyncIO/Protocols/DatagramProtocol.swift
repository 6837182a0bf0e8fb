// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A protocol that is handed datagrams as they come; asyncio's `DatagramProtocol`.
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
/// Everything is called on the loop's thread: see `StreamProtocol`. `connectionMade` comes first and `connectionLost`
/// last, each once.
public protocol DatagramProtocol: AnyObject {
  /// The endpoint is there: keep it, to send.
  func connectionMade(_ endpoint: DatagramEndpoint)

  /// A datagram has come. Its bytes are lent for the time of the call.
  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress)

  /// The network or the kernel says that a datagram could not be sent or received; the endpoint goes on.
  func errorReceived(_ error: any Error)

  /// The endpoint is closed.
  ///
  /// - Parameter error: Nil after a `close` or `abort`.
  func connectionLost(_ error: (any Error)?)

  /// More than the high limit waits to be sent.
  func pauseWriting()

  /// No more than the low limit is left.
  func resumeWriting()
}

extension DatagramProtocol {
  public func connectionMade(_ endpoint: DatagramEndpoint) {}
  public func errorReceived(_ error: any Error) {}
  public func connectionLost(_ error: (any Error)?) {}
  public func pauseWriting() {}
  public func resumeWriting() {}
}
