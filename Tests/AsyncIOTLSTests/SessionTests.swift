// SPDX-License-Identifier: Apache-2.0
// Two sessions in memory: the protocol without a network.

import TestSupport
import Testing

@testable import AsyncIOTLS

@Suite("A TLS session") struct SessionTests {
  static let versions: [TLSVersion] = [.tls12, .tls13]

  private func only(_ version: TLSVersion) -> (inout TLSConfiguration) -> Void {
    {
      $0.minimumVersion = version
      $0.maximumVersion = version
    }
  }

  @Test(arguments: versions)
  func `agrees with another, and carries bytes both ways`(version: TLSVersion) throws {
    let pair = try Pair(.trusting().with(only(version)))
    let outcome = try pair.handshake()
    #expect(outcome.client == nil && outcome.server == nil)
    #expect(pair.client.session.phase == .open && pair.server.session.phase == .open)
    try pair.client.write("ping")
    try pair.server.write("pong")
    pair.run()
    #expect(pair.server.text == "ping" && pair.client.text == "pong")
    let information = try #require(pair.client.session.information)
    #expect(information.version == version)
    #expect(information.serverName == "localhost")
    #expect(information.cipher.hasPrefix("TLS_"))
    #expect(information.peerCertificate?.subject == "CN=server")
    #expect(information.peerCertificate?.issuer == "CN=intermediate")
    #expect(information.peerCertificate?.notAfter.description == "2040-01-01 00:00:00 UTC")
    #expect(information.peerCertificate?.notAfter.secondsSince1970 == 2_208_988_800)
    #expect(
      information.peerCertificate?.names == ["localhost", "example.test", "*.wild.test", "127.0.0.1", "::1"])
    #expect(information.peerCertificate?.der.prefix(2) == [0x30, 0x82])
    #expect(pair.server.session.information?.serverName == "localhost")
    #expect(pair.server.session.information?.peerCertificate == nil)
    #expect(
      information.description == """
        \(version), \(information.cipher), server name localhost; peer CN=server for localhost, example.test, \
        *.wild.test, 127.0.0.1 and 1 more, issuer CN=intermediate, notAfter 2040-01-01 00:00:00 UTC
        """)
    #expect(
      pair.server.session.information?.description == "\(version), \(information.cipher), server name localhost")
  }

  @Test(arguments: versions)
  func `takes its input in single bytes`(version: TLSVersion) throws {
    let pair = try Pair(.trusting().with(only(version)))
    try pair.start()
    let singly = { (bytes: [UInt8], _: Bool) in bytes.indices.map { bytes[$0...$0] } }
    let outcome = pair.run(cut: singly)
    #expect(outcome.client == nil && outcome.server == nil)
    try pair.client.write("ping")
    try pair.server.write("pong")
    pair.server.end()
    pair.run(cut: singly)
    #expect(pair.server.text == "ping" && pair.client.text == "pong" && pair.client.sink.ended)
  }

  @Test(arguments: versions)
  func `takes its input cut in two at each position`(version: TLSVersion) throws {
    let client = TLSConfiguration.trusting().with {
      only(version)(&$0)
      $0.resumesSessions = false
    }
    let server = TLSConfiguration.showing("server")
    var position = 0
    var wasCut = true
    while wasCut {
      let pair = try Pair(client, server)
      try pair.start()
      wasCut = false
      var (given, taken) = (0, 0)
      // The streams of both directions, each cut at that point.
      let outcome = pair.run { bytes, toServer in
        let start = toServer ? given : taken
        if toServer { given += bytes.count } else { taken += bytes.count }
        guard start < position, position < start + bytes.count else {
          wasCut = wasCut || start + bytes.count > position
          return [bytes[...]]
        }
        wasCut = true
        return [bytes[..<(position - start)], bytes[(position - start)...]]
      }
      #expect(outcome.client == nil && outcome.server == nil, "cut at \(position)")
      #expect(pair.server.session.phase == .open)
      position += 3
    }
    #expect(position > 1000)
  }

  @Test func `takes records cut in two at each position`() throws {
    let pair = try Pair()
    try pair.handshake()
    for position in 0..<60 {
      pair.client.sink.plaintext = []
      try pair.server.write("message number \(position)")
      pair.run { bytes, _ in [bytes[..<min(position, bytes.count)], bytes[min(position, bytes.count)...]] }
      #expect(pair.client.text == "message number \(position)")
    }
  }

  @Test func `carries megabytes`() throws {
    let pair = try Pair()
    try pair.handshake()
    var numbers = SplitMix64(seed: 1)
    let sent = (0..<1_500_000).map { _ in UInt8.random(in: 0...255, using: &numbers) }
    try pair.client.write(sent)
    var sizes = SplitMix64(seed: 2)
    pair.run { bytes, _ in
      var rest = bytes[...]
      var pieces: [ArraySlice<UInt8>] = []
      while !rest.isEmpty {
        let size = min(rest.count, Int.random(in: 1...100_000, using: &sizes))
        pieces.append(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      return pieces
    }
    let same = pair.server.sink.plaintext == sent
    #expect(same)
  }

  // MARK: - The end

  @Test(arguments: versions)
  func `ends each direction by itself`(version: TLSVersion) throws {
    let pair = try Pair(.trusting().with(only(version)))
    try pair.handshake()
    try pair.client.write("the question")
    pair.client.end()
    pair.run()
    #expect(pair.server.text == "the question" && pair.server.sink.ended && !pair.client.sink.ended)
    try pair.server.write("the answer")
    pair.server.end()
    pair.run()
    #expect(pair.client.text == "the answer" && pair.client.sink.ended)
    try pair.client.session.receivedEnd()
    try pair.server.session.receivedEnd()
    #expect(throws: TLSError.self) { try pair.client.write("more") }
  }

  @Test func `tells an end without close_notify from a proper one`() throws {
    let pair = try Pair()
    try pair.handshake()
    try pair.server.write("not al")
    pair.run()
    let error = try #require(throws: TLSError.self) { try pair.client.session.receivedEnd() }
    #expect(error.kind == .truncated)
    #expect("\(error)" == "TLS receive from localhost: connection ended without close_notify")
    // A failed session stays failed.
    #expect(throws: error) { try pair.client.write("x") }
    #expect(throws: error) { try pair.client.receive([0]) }

    let early = try Pair()
    try early.client.session.start(early.client.sink)
    let inHandshake = try #require(throws: TLSError.self) { try early.client.session.receivedEnd() }
    #expect("\(inHandshake)" == "TLS handshake with localhost: peer closed the connection")
  }

  @Test func `sends nothing before the handshake is complete`() throws {
    let pair = try Pair()
    try pair.start()
    let error = try #require(throws: TLSError.self) { try pair.client.write("early") }
    #expect(error.kind == .handshakeIncomplete)
    #expect(pair.run().client == nil)
    #expect(pair.client.session.phase == .open)
  }

  @Test func `drops what comes after close_notify`() throws {
    let pair = try Pair()
    try pair.handshake()
    pair.server.end()
    try pair.client.receive(pair.server.sink.take() + [1, 2, 3])
    try pair.client.receive([4, 5])
    #expect(pair.client.sink.ended && pair.client.text.isEmpty)
  }

  // MARK: - What is agreed on

  @Test func `agrees on a protocol by the server's order`() throws {
    let client = TLSConfiguration.trusting().with { $0.applicationProtocols = ["http/1.1", "h2"] }
    let server = TLSConfiguration.showing("server")
    let pair = try Pair(client, server.with { $0.applicationProtocols = ["h2", "http/1.1"] })
    try pair.handshake()
    #expect(pair.client.session.information?.applicationProtocol == "h2")
    #expect(pair.server.session.information?.applicationProtocol == "h2")

    let silent = try Pair(client, server)
    try silent.handshake()
    #expect(silent.client.session.phase == .open && silent.client.session.information?.applicationProtocol == nil)

    let stranger = try Pair(client, server.with { $0.applicationProtocols = ["imap"] })
    let outcome = try stranger.handshake()
    #expect(outcome.serverError?.kind == .noSharedApplicationProtocol)
    #expect(outcome.clientError?.kind == .noSharedApplicationProtocol)
  }

  @Test(arguments: versions)
  func `is resumed by a ticket`(version: TLSVersion) throws {
    let client = TLSConfiguration.trusting().with(only(version))
    let server = TLSConfiguration.showing("server")
    var resumed: [Bool] = []
    for _ in 0..<4 {
      let pair = try Pair(client, server)
      try pair.handshake()
      try pair.server.write("x")
      pair.run()
      resumed.append(pair.client.session.information?.isResumed == true)
      #expect(pair.client.session.information?.peerCertificate?.subject == "CN=server")
    }
    #expect(resumed == [false, true, true, true])
    // Not with another host name, and not with another configuration.
    let elsewhere = try Pair(client, server, host: "example.test")
    try elsewhere.handshake()
    #expect(elsewhere.client.session.information?.isResumed == false)
    let afresh = try Pair(client.with { $0.applicationProtocols = ["x"] }, server)
    try afresh.handshake()
    #expect(afresh.client.session.information?.isResumed == false)
    let never = try Pair(client.with { $0.resumesSessions = false }, server)
    try never.handshake()
    #expect(never.client.session.information?.isResumed == false)
  }

  @Test func `shares its configuration with sessions on other threads`() async throws {
    let (client, server) = (TLSConfiguration.trusting(), TLSConfiguration.showing("server"))
    try await withThrowingTaskGroup { group in
      for number in 0..<8 {
        group.addTask { @concurrent in
          for _ in 0..<25 {
            let pair = try Pair(client, server, host: number % 2 == 0 ? "localhost" : "example.test")
            try pair.handshake()
            try pair.client.write("ping")
            pair.run()
            #expect(pair.server.text == "ping")
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `keeps tickets of the hosts that were used last`() throws {
    let client = TLSConfiguration.trusting().with { $0.verification = .withoutName }
    let server = TLSConfiguration.showing("server")
    for number in 0..<TicketStore.hosts + 20 {
      let pair = try Pair(client, server, host: "h\(number).test")
      try pair.handshake()
    }
    let count = try client.context().tickets.count
    #expect(count == TicketStore.hosts * 2)
    let kept = try Pair(client, server, host: "h\(TicketStore.hosts + 19).test")
    try kept.handshake()
    #expect(kept.client.session.information?.isResumed == true)
    let gone = try Pair(client, server, host: "h0.test")
    try gone.handshake()
    #expect(gone.client.session.information?.isResumed == false)
  }
}
