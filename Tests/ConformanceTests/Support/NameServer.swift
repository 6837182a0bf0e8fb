// SPDX-License-Identifier: Apache-2.0
// A name server for tests, on the current loop: UDP and TCP at one port of 127.0.0.1, which the system chooses. Its
// answers are a function of the query, so each test makes the server that it needs, good or bad.

import AsyncIO
import AsyncIOCore
import DNSWire
import Synchronization

final class NameServer: Sendable {
  enum Carrier: Sendable {
    case udp, tcp
  }

  /// The answer to a query: any number of messages, good or bad.
  struct Reply: Sendable {
    var bytes: [UInt8]
    /// Whether it comes from a socket that was not asked.
    var isStrangers = false
    /// Seconds of the loop's time after the query.
    var delay = Duration.zero
  }

  typealias Behaviour = @Sendable (DNSMessage, Carrier) throws -> [Reply]

  private let udp: DatagramSocket
  private let tcp: Server
  private let serving: TaskHandle<Void>
  private let log: Log

  var address: SocketAddress { udp.localAddress }
  /// The queries so far: `www.example. IN A udp`.
  var queries: [String] { log.entries }

  /// - Parameter port: 0 lets the system choose.
  init(port: UInt16 = 0, _ behaviour: @escaping Behaviour) async throws {
    let log = Log()
    let (udp, tcp) = try await Self.open(port: port) { reader, writer in
      var framing = DNSStreamFraming()
      while true {
        // A client may leave at any time.
        guard let piece = try? await reader.read(upTo: 4096), !piece.isEmpty else { return }
        framing.append(piece)
        while let bytes = framing.next() {
          let query = try DNSMessage(decoding: bytes)
          log.append("\(query.questions[0]) tcp")
          for reply in try behaviour(query, .tcp) {
            try await sleep(reply.delay)
            try await writer.write(try DNSStreamFraming.framed(reply.bytes))
          }
        }
      }
    }
    self.udp = udp
    self.tcp = tcp
    self.log = log
    serving = createTask {
      for try await datagram in udp {
        let query = try DNSMessage(decoding: datagram.bytes)
        log.append("\(query.questions[0]) udp")
        for reply in try behaviour(query, .udp) {
          createTask {
            if reply.delay > .zero { try await sleep(reply.delay) }
            if reply.isStrangers {
              let stranger = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
              try await stranger.send(reply.bytes, to: datagram.peer)
              stranger.close()
            } else {
              try await udp.send(reply.bytes, to: datagram.peer)
            }
          }
        }
      }
    }
  }

  /// The system may give a UDP port whose TCP port is taken: then another one is tried.
  private static func open(
    port: UInt16, handler: @escaping ConnectionHandler
  ) async throws -> (DatagramSocket, Server) {
    for _ in 0..<20 {
      let udp = try await DatagramSocket.bind(host: "127.0.0.1", port: port)
      do { return (udp, try await startServer(host: "127.0.0.1", port: udp.port, handler: handler)) } catch {
        // So that a test that begins to count does not count it as an operation in flight.
        udp.close()
        try await udp.waitClosed()
      }
    }
    throw SystemError("bind", "127.0.0.1", code: .addressInUse)
  }

  func close() async throws {
    udp.close()
    tcp.close()
    tcp.abortClients()
    try await serving.value
    try await udp.waitClosed()
    try await tcp.waitClosed()
  }
}

/// Names and their records, like a zone file.
struct Zone: Sendable {
  var records: [DNSRecord] = []
  var minimum: UInt32 = 60

  init(_ records: (String, DNSRecordData, UInt32)...) {
    self.records = records.map { DNSRecord(name($0.0), $0.1, timeToLive: $0.2) }
  }

  /// The answer to a query, with aliases followed.
  func answer(_ query: DNSMessage) -> DNSMessage {
    var answer = DNSMessage.response(to: query)
    var current = query.questions[0].name
    let type = query.questions[0].type
    while true {
      let found = records.filter { $0.name == current && $0.type == type }
      answer.answers += found
      if !found.isEmpty { return answer }
      let alias = records.first { $0.name == current && $0.type == .cname }
      guard let alias, case .cname(let target) = alias.data else { break }
      answer.answers.append(alias)
      current = target
    }
    if !records.contains(where: { $0.name == current }) { answer.header.responseCode = .noSuchName }
    let zone = StartOfAuthority(primaryServer: name("ns.example"), mailbox: name("m.example"), minimum: minimum)
    answer.authorities = [DNSRecord(name("example"), .soa(zone), timeToLive: 3600)]
    return answer
  }

  /// The behaviour of a server for this zone.
  var behaviour: NameServer.Behaviour {
    { query, carrier in
      let limit = carrier == .udp ? Int(query.edns?.payloadSize ?? 512) : 65_535
      return [NameServer.Reply(bytes: try answer(query).encoded(truncatedTo: limit))]
    }
  }
}

func name(_ text: String) -> DNSName { try! DNSName(text) }

/// 192.0.2.7 in the form of a record.
func a(_ last: UInt32) -> DNSRecordData { .a(0xc000_0200 + last) }

/// 2001:db8::7 in the form of a record.
func aaaa(_ last: UInt64) -> DNSRecordData { .aaaa(0x2001_0db8_0000_0000, last) }
