// SPDX-License-Identifier: Apache-2.0
// One query to one server, and its answer.
//
// Over UDP anyone can send an answer, so an answer has to prove itself (RFC 5452, §9). It comes from the server, to the
// port that this query was sent from; each query has its own socket, whose port the kernel draws. It has the query's
// id, which is drawn here, and it repeats the question. Other datagrams are ignored, and the wait goes on: giving up on
// them would let anyone prevent an answer.

import AsyncIOCore
import DNSWire

struct NameExchange: Sendable {
  private let attempt: Inquiry.Attempt
  private let query: DNSMessage
  private let loop: EventLoop

  init(_ attempt: Inquiry.Attempt, on loop: EventLoop) {
    self.attempt = attempt
    self.loop = loop
    var query = attempt.query
    query.header.id = UInt16(truncatingIfNeeded: EventLoop.withRandom { $0.next() })
    self.query = query
  }

  /// - Throws: `DeadlinePassed` at a time of the loop's clock. `SystemError` if the server can't be reached.
  ///   `UnrelatedAnswer` or a stream's error if it sends nonsense over TCP. `CancellationError` if the task is
  ///   cancelled.
  nonisolated(nonsending) func answer(until deadline: Int64) async throws -> DNSMessage {
    attempt.overTCP ? try await answerOverTCP(until: deadline) : try await answerOverUDP(until: deadline)
  }

  private static let options = {
    var options = DatagramOptions()
    // One answer is enough; more are forgeries.
    options.queueLimit = 16 * 1024
    return options
  }()

  private nonisolated(nonsending) func answerOverUDP(until deadline: Int64) async throws -> DNSMessage {
    let bytes = try query.encoded()
    // Connected: the kernel lets in only the server's datagrams, and reports if it learns that the port is closed.
    let socket = try loop.openDatagrams(at: nil, connectedTo: attempt.server, Self.options)
    defer { socket.close() }
    try await socket.send(bytes)
    while true {
      let datagram = try await socket.transport.receive(until: deadline)
      if let message = Self.answer(in: datagram.bytes, to: query) { return message }
    }
  }

  private nonisolated(nonsending) func answerOverTCP(until deadline: Int64) async throws -> DNSMessage {
    let bytes = try DNSStreamFraming.framed(query.encoded())
    let server = attempt.server
    let query = query
    let scope = EventLoop.Instant(nanoseconds: deadline)
    do {
      return try await withTimeout(at: scope) {
        try await withConnection(to: server) { stream in
          try await stream.write(bytes)
          let length = try await stream.readExactly(2)
          let bytes = try await stream.readExactly(Int(length[0]) << 8 | Int(length[1]))
          guard let message = Self.answer(in: bytes, to: query) else { throw UnrelatedAnswer() }
          return message
        }
      }
    } catch is TimeoutError {
      throw DeadlinePassed()
    }
  }

  struct UnrelatedAnswer: Error {}

  /// Decodes the message if it answers the query. The header comes first: decoding 64 KiB of a stranger's records takes
  /// a while, and a stranger doesn't know the id.
  static func answer(in bytes: [UInt8], to query: DNSMessage) -> DNSMessage? {
    guard let header = try? DNSHeader(decoding: bytes), header.isResponse, header.id == query.header.id,
      header.operation == query.header.operation
    else { return nil }
    // A server that couldn't read the query may be unable to repeat its question. Some send only a header, with the
    // query's counts. libc also checks no more.
    let couldNotRead = header.responseCode == .formatError || header.responseCode == .notImplemented
    guard let message = try? DNSMessage(decoding: bytes) else { return couldNotRead ? DNSMessage(header: header) : nil }
    if message.questions == query.questions || message.questions.isEmpty && couldNotRead { return message }
    return nil
  }
}
