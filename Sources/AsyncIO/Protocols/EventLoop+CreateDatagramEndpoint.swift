// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension EventLoop {
  /// Hands a datagram socket over to a protocol; asyncio's `create_datagram_endpoint`. The datagrams that the socket
  /// has already received come first.
  ///
  /// ```swift
  /// let socket = try await DatagramSocket.connect(to: .loopback(port: 9999))
  /// let (endpoint, known) = try await EventLoop.current.createDatagramEndpoint(over: socket) { DatagramEcho() }
  /// endpoint.send(Array("hello".utf8))
  /// ```
  ///
  /// When this returns, `connectionMade` has been called. It is for code on the main actor, as the body of
  /// `EventLoop.run` is. The program can no longer receive from the socket.
  ///
  /// - Throws: `DatagramError.closed` if the socket is closed, `.handedOver` if it already has a protocol.
  public func createDatagramEndpoint<Known: DatagramProtocol>(
    over socket: DatagramSocket,
    isolation: isolated any Actor = #isolation, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> (endpoint: DatagramEndpoint, protocol: Known) {
    require(
      socket.transport.loop === self, "EventLoop.createDatagramEndpoint(over:): the socket belongs to another loop")
    let known = LoopFactory.expect(factory, on: self, for: "createDatagramEndpoint")()
    return (try await begin(socket, known), known)
  }

  /// Hands a datagram socket over to a protocol, for code of any kind: the caller doesn't get the protocol.
  ///
  /// - Throws: `DatagramError.closed` if the socket is closed, `.handedOver` if it already has a protocol.
  public nonisolated(nonsending) func createDatagramEndpoint<Known: DatagramProtocol>(
    over socket: DatagramSocket, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws {
    let loop = socket.transport.loop
    let make = LoopFactory.expect(factory, on: loop, for: "createDatagramEndpoint")
    // Opened on the loop's thread, with which the factory's actor stays: see LoopFactory.
    let factory = UncheckedBox { make() as any DatagramProtocol }
    try await loop.here { _ = try await loop.begin(socket, factory.value()) }
  }

  private nonisolated(nonsending) func begin(
    _ socket: DatagramSocket, _ known: any DatagramProtocol
  ) async throws -> DatagramEndpoint {
    if isClosed { throw EventLoopError.closed }
    try socket.transport.handOver()
    let endpoint = DatagramEndpoint(socket, known, context: .capture())
    let wait = beginWait(WaitReason("begin", on: socket.transport))
    callSoon {
      endpoint.begin()
      self.resume(wait)
    }
    await waitUninterrupted(wait)
    return endpoint
  }
}
