// SPDX-License-Identifier: Apache-2.0
// Connections with protocols. Each is a stream of some kind, handed over to a protocol.
//
// The functions that return the protocol are for code on an actor, the main actor in the body of `EventLoop.run`: the
// compiler then keeps the protocol there. Code without an actor has those that don't return it: a value without an
// actor may be sent anywhere.

public import AsyncIOCore

extension EventLoop {
  /// Opens a TCP connection for a protocol; asyncio's `create_connection`.
  ///
  /// ```swift
  /// let (transport, client) = try await EventLoop.current.createConnection(host: "127.0.0.1", port: 8888) {
  ///   EchoClient(message: "hello")
  /// }
  /// transport.write(client.message)
  /// ```
  ///
  /// Otherwise like `openConnection(host:port:)`. When this returns, `connectionMade` has been called. It is for code
  /// on the main actor, as the body of `EventLoop.run` is: the protocol and the transport stay there.
  ///
  /// **Cancellation** throws `CancellationError` while it connects; then no protocol is made.
  ///
  /// - Throws: As `openConnection(host:port:)` does.
  public func createConnection<Known: BaseProtocol>(
    host: String, port: UInt16, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
    isolation: isolated any Actor = #isolation, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> (transport: Transport, protocol: Known) {
    let make = LoopFactory.expect(factory, on: self, for: "createConnection")
    let stream = try await ByteStream.connect(host: host, port: port, from: localAddress, timeout: timeout)
    let known = make()
    return (try await begin(stream.writer.handle, known), known)
  }

  /// Opens a TCP connection for a protocol, for code of any kind. The caller doesn't get the protocol, which reports
  /// through an object that it was made with, a `Future` for example.
  ///
  /// ```swift
  /// let answer = Future<String>()
  /// try await EventLoop.current.createConnection(host: "127.0.0.1", port: 8888) { Asking(answer) }
  /// print(try await answer.value)
  /// ```
  ///
  /// **Cancellation** throws `CancellationError` while it connects; then no protocol is made.
  ///
  /// - Throws: As `openConnection(host:port:)` does.
  public nonisolated(nonsending) func createConnection<Known: BaseProtocol>(
    host: String, port: UInt16, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws {
    let stream = try await ByteStream.connect(host: host, port: port)
    try await createConnection(over: stream, factory)
  }

  /// Opens a connection to an address for a protocol, without a name look-up. Otherwise like
  /// `createConnection(host:port:)`.
  ///
  /// ```swift
  /// let (transport, client) = try await EventLoop.current.createConnection(to: .loopback(port: 8888)) {
  ///   EchoClient(message: "hello")
  /// }
  /// ```
  ///
  /// - Throws: As `openConnection(to:)` does.
  public func createConnection<Known: BaseProtocol>(
    to address: SocketAddress, from localAddress: SocketAddress? = nil, timeout: Duration? = nil,
    isolation: isolated any Actor = #isolation, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> (transport: Transport, protocol: Known) {
    let make = LoopFactory.expect(factory, on: self, for: "createConnection")
    let stream = try await ByteStream.connect(to: address, from: localAddress, timeout: timeout)
    let known = make()
    return (try await begin(stream.writer.handle, known), known)
  }

  /// Opens a connection to a Unix socket at a path for a protocol; asyncio's `create_unix_connection`. Otherwise like
  /// `createConnection(host:port:)`.
  ///
  /// ```swift
  /// let (transport, client) = try await EventLoop.current.createUnixConnection(path: "/run/app.sock") {
  ///   EchoClient(message: "hello")
  /// }
  /// ```
  ///
  /// - Throws: As `openUnixConnection(path:)` does.
  public func createUnixConnection<Known: BaseProtocol>(
    path: String, timeout: Duration? = nil,
    isolation: isolated any Actor = #isolation, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> (transport: Transport, protocol: Known) {
    let address = try unixAddress(path, for: "connect")
    return try await createConnection(to: address, timeout: timeout, factory)
  }

  /// Hands a stream over to a protocol: a TLS stream, an end of `ByteStream.pair()`, or a stream whose greeting was
  /// already read. The unread bytes are the protocol's first data.
  ///
  /// ```swift
  /// let stream = try await ByteStream.connect(host: "127.0.0.1", port: 8888)
  /// let greeting = try await stream.readLine()
  /// let (transport, client) = try await EventLoop.current.createConnection(over: stream) {
  ///   EchoClient(message: greeting ?? "")
  /// }
  /// ```
  ///
  /// The program must no longer read from the stream or write to it.
  ///
  /// - Throws: `StreamError.concurrentRead` if a task reads from the stream, or the stream already has a protocol;
  ///   `StreamError.aborted` if it is closed.
  public func createConnection<Known: BaseProtocol>(
    over stream: ByteStream,
    isolation: isolated any Actor = #isolation, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> (transport: Transport, protocol: Known) {
    require(stream.hasOneTransport, "EventLoop.createConnection(over:): the stream joins two others")
    let loop = stream.writer.handle.transport.loop
    require(loop === self, "EventLoop.createConnection(over:): the stream belongs to another loop")
    let known = LoopFactory.expect(factory, on: self, for: "createConnection")()
    return (try await begin(stream.writer.handle, known), known)
  }

  /// Hands a stream over to a protocol, for code of any kind: the caller doesn't get the protocol.
  ///
  /// - Throws: As `createConnection(over:)` of an actor's code does.
  public nonisolated(nonsending) func createConnection<Known: BaseProtocol>(
    over stream: ByteStream, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws {
    require(stream.hasOneTransport, "EventLoop.createConnection(over:): the stream joins two others")
    let handle = stream.writer.handle
    let loop = handle.transport.loop
    let factory = LoopFactory(factory, on: loop, for: "createConnection")
    try await loop.here { _ = try await loop.begin(handle, factory()) }
  }
}

extension ByteStream {
  fileprivate var hasOneTransport: Bool { reader.handle === writer.handle }
}
