// SPDX-License-Identifier: Apache-2.0
// Peers that send records without data, each of which costs the receiver more than the sender: the keys of a key
// update, the answer to a renegotiation.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import COpenSSL
import TestSupport
import Testing

@testable import AsyncIO
@testable import AsyncIOTLS

@Suite("Records without data", .timeLimit(.minutes(1))) struct EmptyRecordTests {
  /// The side that sends them.
  struct Case: CustomTestStringConvertible, Sendable {
    let kind: End.Nothing
    let byClient: Bool
    var testDescription: String { "\(kind.rawValue) by a \(byClient ? "client" : "server")" }

    static let all = [
      Case(kind: .keyUpdate, byClient: true), Case(kind: .keyUpdate, byClient: false),
      Case(kind: .helloRequest, byClient: false), Case(kind: .ticket, byClient: false),
    ]

    /// The sending and the receiving side, after the handshake.
    func pair() throws -> (sender: End, receiver: End) {
      let pair = try Pair(.trusting().with { $0.maximumVersion = kind.version })
      try pair.handshake()
      return byClient ? (pair.client, pair.server) : (pair.server, pair.client)
    }
  }

  @Test(arguments: Case.all)
  func `end a peer that sends too many in a row`(test: Case) throws {
    let (sender, receiver) = try test.pair()
    // Records that come with the handshake, a server's two tickets, count as well: data resets the count to zero.
    try sender.write("a")
    try receiver.receive(sender.sink.take())
    sender.sayNothing(test.kind, times: 32)
    try receiver.receive(sender.sink.take())
    sender.sayNothing(test.kind)
    let error = try #require(throws: TLSError.self) { try receiver.receive(sender.sink.take()) }
    #expect(error.kind == .protocolViolation("more than 32 records in a row without data"))
    #expect(error.operation == .receive)
    #expect(throws: error) { try receiver.write("x") }
  }

  @Test(arguments: Case.all)
  func `are not a fault between data`(test: Case) throws {
    let (sender, receiver) = try test.pair()
    try sender.write("-")
    for _ in 0..<10 {
      sender.sayNothing(test.kind, times: 31)
      try sender.write("x")
      try receiver.receive(sender.sink.take())
    }
    #expect(receiver.text == "-xxxxxxxxxx")
  }

  @Test(arguments: Case.all)
  func `come to a session in shares, and what one call leaves the next takes`(test: Case) throws {
    let (sender, receiver) = try test.pair()
    try sender.write("-")
    for _ in 0..<20 {
      sender.sayNothing(test.kind, times: 31)
      try sender.write("x")
    }
    let bytes = sender.sink.take()
    var (taken, calls) = (0, 0)
    try bytes.withUnsafeBytes { bytes in
      while taken < bytes.count {
        taken += try receiver.session.received(UnsafeRawBufferPointer(rebasing: bytes[taken...]), receiver.sink)
        calls += 1
      }
    }
    #expect(calls >= 10, "\(calls) calls for 641 records")
    #expect(receiver.text == "-" + String(repeating: "x", count: 20))
  }

  @Test(arguments: BackendKind.all)
  func `of a peer that reads no answers stop being received`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      let peer = try HandMadePeer(.trusting(), host: "localhost", on: far)
      let shaking = Task { try await peer.handshake() }
      try await near.startTLS(.showing("server"))
      try await shaking.value
      let transport = near.writer.handle.transport
      let reading = Task { try await near.readToEnd() }
      // It sends as long as it can, and reads nothing.
      var sent = 0
      while far.writer.pendingBytes == 0 || !transport.filterIsBehind {
        peer.end.sayNothing(.keyUpdate, times: 31)
        try peer.end.write("x")
        sent += 1
        let bytes = peer.end.sink.take()
        let writing = Task { try await far.write(bytes) }
        try await turns { far.writer.pendingBytes <= 64 * 1024 || transport.filterIsBehind }
        writing.cancel()
        _ = await writing.result
        try #require(sent < 4000)
      }
      #expect(transport.pendingOutput < 64 * 1024 + 8 * 1024, "\(transport.pendingOutput) bytes of answers")
      // Once it reads, everything goes through.
      peer.end.end()
      let rest = peer.end.sink.take()
      let ending = Task { try await far.write(rest) }
      let draining = Task { while try await !far.read(upTo: 65_536).isEmpty {} }
      #expect(try await reading.value.count == sent)
      try await ending.value
      near.abort()
      far.abort()
      _ = await draining.result
    }
  }

  @Test(arguments: BackendKind.all)
  func `leave turns to others`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      let peer = try HandMadePeer(.trusting(), host: "localhost", on: far)
      let shaking = Task { try await peer.handshake() }
      try await near.startTLS(.showing("server"))
      try await shaking.value
      for _ in 0..<40 {
        peer.end.sayNothing(.keyUpdate, times: 31)
        try peer.end.write("x")
      }
      // Some 35 KB, which arrive at once.
      try await peer.flush()
      let before = EventLoop.current.turnNumber
      #expect(try await near.readExactly(40).count == 40)
      #expect(EventLoop.current.turnNumber - before >= 15)
      near.abort()
      far.abort()
    }
  }

  @Test(arguments: BackendKind.all, Case.all)
  func `end a stream that waits for data, and its peer's connection`(backend: BackendKind, test: Case) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      let (client, server) = (
        TLSConfiguration.trusting().with { $0.maximumVersion = test.kind.version }, TLSConfiguration.showing("server")
      )
      let peer =
        test.byClient
        ? try HandMadePeer(client, host: "localhost", on: far) : try HandMadePeer(server, on: far)
      let shaking = Task { try await peer.handshake() }
      if test.byClient { try await near.startTLS(server) } else { try await near.startTLS(client, host: "localhost") }
      try await shaking.value
      peer.end.sayNothing(test.kind, times: 40)
      try await peer.flush()
      let error = await #expect(throws: TLSError.self) { try await near.readLine() }
      #expect(error?.kind == .protocolViolation("more than 32 records in a row without data"))
      await #expect(throws: TLSError.self) { try await near.write("x") }
      await #expect(throws: TLSError.self) { try await near.close() }
      far.abort()
    }
  }

  @Test func `by which a client asks for renegotiation are refused, and named as the reason for its alert`() throws {
    let pair = try Pair(.trusting().with { $0.maximumVersion = .tls12 })
    try pair.handshake()
    pair.client.allowRenegotiation()
    #expect(SSL_renegotiate(pair.client.ssl) == 1)
    SSL_do_handshake(pair.client.ssl)
    pair.client.output.flush(from: 0, to: pair.client.sink, asAnswer: false)
    let outcome = pair.run()
    #expect(outcome.serverError?.kind == .renegotiationRefused(.handshakeFailure))
    #expect(
      outcome.serverError.map { "\($0)" }
        == "TLS receive from a client: renegotiation was refused, and the peer sent the alert handshake_failure")
  }
}
