// SPDX-License-Identifier: Apache-2.0
// Tickets in the hands of an attacker, or of a server that sends too many.

import COpenSSL
import Testing

@testable import AsyncIOTLS

@Suite("A ticket") struct TicketTests {
  static let versions: [TLSVersion] = [.tls12, .tls13]

  private func client(_ version: TLSVersion, showing name: String? = nil) -> TLSConfiguration {
    .trusting(showing: name).with { $0.maximumVersion = version }
  }

  /// The client's memory of a connection: a session with its ticket.
  private final class Ticket {
    let session: OpaquePointer

    init(_ client: TLSConfiguration, _ server: TLSConfiguration) throws {
      let pair = try Pair(client, server)
      try pair.handshake()
      try pair.server.write("x")
      pair.run()
      session = try #require(SSL_get1_session(pair.client.ssl))
      #expect(SSL_SESSION_is_resumable(session) == 1)
    }

    /// A copy with one byte changed.
    init(_ original: Ticket, changedAt place: Int) throws {
      var (start, count): (UnsafePointer<UInt8>?, Int) = (nil, 0)
      SSL_SESSION_get0_ticket(original.session, &start, &count)
      let ticket = Array(UnsafeBufferPointer(start: start, count: count))
      var der = [UInt8](repeating: 0, count: Int(i2d_SSL_SESSION(original.session, nil)))
      der.withUnsafeMutableBufferPointer {
        var end = $0.baseAddress
        _ = i2d_SSL_SESSION(original.session, &end)
      }
      let offset = try #require((0...(der.count - count)).first { der[$0..<$0 + count].elementsEqual(ticket) })
      der[offset + place % count] ^= 0x10
      let size = der.count
      session = try #require(
        der.withUnsafeBufferPointer {
          var begin = $0.baseAddress
          return d2i_SSL_SESSION(nil, &begin, size)
        })
    }

    deinit { SSL_SESSION_free(session) }

    /// The connection of a client that offers this ticket.
    func offered(by client: TLSConfiguration, to server: TLSConfiguration) throws -> (pair: Pair, outcome: Pair.Outcome)
    {
      let pair = try Pair(client, server)
      #expect(SSL_set_session(pair.client.ssl, session) == 1)
      return (pair, try pair.handshake())
    }
  }

  private func expectFullHandshake(
    _ result: (pair: Pair, outcome: Pair.Outcome), sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(result.outcome.client == nil && result.outcome.server == nil, sourceLocation: sourceLocation)
    #expect(result.pair.server.session.information?.isResumed == false, sourceLocation: sourceLocation)
    try result.pair.client.write("ping")
    result.pair.run()
    #expect(result.pair.server.text == "ping", sourceLocation: sourceLocation)
  }

  @Test(arguments: versions)
  func `that was tampered with, wherever, is worth nothing`(version: TLSVersion) throws {
    let (client, server) = (client(version), TLSConfiguration.showing("server"))
    let good = try Ticket(client, server)
    #expect(try good.offered(by: client, to: server).pair.server.session.information?.isResumed == true)
    for place in stride(from: 0, to: 200, by: 7) {
      try expectFullHandshake(try Ticket(good, changedAt: place).offered(by: client, to: server))
    }
  }

  @Test(arguments: versions)
  func `of another server is worth nothing, though both show the same certificate`(version: TLSVersion) throws {
    let client = client(version)
    let (server, other) = (TLSConfiguration.showing("server"), TLSConfiguration.showing("server"))
    try expectFullHandshake(try Ticket(client, server).offered(by: client, to: other))
    // As after a server's restart, with the ticket from the client's own store.
    try Pair(client, server).handshake()
    let again = try Pair(client, other)
    try expectFullHandshake((again, try again.handshake()))
  }

  @Test(arguments: versions)
  func `does not stand for a certificate that the server wants`(version: TLSVersion) throws {
    let (named, nameless) = (client(version, showing: "client"), client(version))
    let (strict, open) = (
      TLSConfiguration.showing("server", clients: .required), TLSConfiguration.showing("server")
    )
    // A ticket of a server that does not ask for certificates, and one of its own with a change.
    let good = try Ticket(named, strict)
    for ticket in [try Ticket(nameless, open), try Ticket(good, changedAt: 20)] {
      #expect(try ticket.offered(by: nameless, to: strict).outcome.serverError?.kind == .certificateMissing)
    }
    // The holder of the good ticket was verified when it was issued.
    let resumed = try good.offered(by: nameless, to: strict).pair.server.session.information
    #expect(resumed?.isResumed == true && resumed?.peerCertificate?.subject == "CN=client")
  }

  @Test(arguments: versions)
  func `that has expired is worth nothing`(version: TLSVersion) throws {
    let (client, server) = (client(version), TLSConfiguration.showing("server"))
    // Time would have to pass on the server's clock. Instead its tickets have a negative lifetime.
    SSL_CTX_set_timeout(try server.context().pointer, -1)
    try expectFullHandshake(try Ticket(client, server).offered(by: client, to: server))
  }

  @Test func `that the client knows to be too old is not offered`() throws {
    let (client, server) = (client(.tls13), TLSConfiguration.showing("server"))
    let ticket = try Ticket(client, server)
    SSL_SESSION_set_time(ticket.session, SSL_SESSION_get_time(ticket.session) - 8 * 24 * 3600)
    try expectFullHandshake(try ticket.offered(by: client, to: server))
  }

  @Test(arguments: versions)
  func `that is used again brings no data of the first time: there is no early data`(version: TLSVersion) throws {
    let (client, server) = (client(version), TLSConfiguration.showing("server"))
    let ticket = try Ticket(client, server)
    #expect(SSL_SESSION_get_max_early_data(ticket.session) == 0)
    var hellos: [[UInt8]] = []
    for _ in 0..<3 {
      let pair = try Pair(client, server)
      #expect(SSL_set_session(pair.client.ssl, ticket.session) == 1)
      try pair.start()
      hellos.append(pair.client.sink.emitted)
      let outcome = pair.run()
      #expect(outcome.client == nil && outcome.server == nil && pair.server.text.isEmpty)
    }
    // An attacker who replays a recorded hello gets an answer that he can't read, and no further.
    let replayed = try End(server)
    try replayed.receive(hellos[0])
    #expect(replayed.session.phase == .handshaking && replayed.sink.plaintext.isEmpty)
    #expect(throws: TLSError.self) { try replayed.session.receivedEnd() }
  }

  @Test func `is not kept if the server says that it lives for no time (TLS 1.3)`() throws {
    let server = TLSConfiguration.showing("server")
    SSL_CTX_set_session_ticket_cb(
      try server.context().pointer,
      { ssl, _ in
        SSL_SESSION_set_timeout(SSL_get_session(ssl), 0)
        return 1
      }, nil, nil)
    let client = client(.tls13)
    let pair = try Pair(client, server)
    try pair.handshake()
    #expect(try client.context().tickets.count == 0)
  }

  @Test(arguments: versions)
  func `is not kept if it is large`(version: TLSVersion) throws {
    let server = TLSConfiguration.showing("server")
    let client = client(version)
    let context = try server.context().pointer
    SSL_CTX_set_session_ticket_cb(
      context,
      { ssl, _ in
        let filling = [UInt8](repeating: 7, count: 20_000)
        return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), filling, filling.count)
      }, nil, nil)
    let pair = try Pair(client, server)
    #expect(try pair.handshake().client == nil)
    try pair.server.write("hello")
    pair.run()
    #expect(pair.client.text == "hello")
    #expect(try client.context().tickets.count == 0)
  }
}
