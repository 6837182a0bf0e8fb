// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Limits of the server", .timeLimit(.minutes(1))) struct HTTPServerLimitTests {
  /// How long the server takes to end a connection that says this, and what it says itself.
  private static func end(
    of text: String, limits: HTTPServerLimits = HTTPServerLimits(),
    handler: @escaping HTTPHandler = { _, response in
      try await response.send("x")
    }
  ) async throws -> (time: Duration, answer: String) {
    let result = Texts()
    let times = TimesOfTest()
    try await withHTTPServer(.virtual, limits: limits, handler: handler) { server in
      let start = EventLoop.current.time
      result.append(try await server.answers(to: text))
      times.append(start.duration(to: EventLoop.current.time))
    }
    return (times.all[0], result.all[0])
  }

  @Test func `end a connection that says nothing, silently`() async throws {
    let (time, answer) = try await Self.end(of: "")
    #expect(answer.isEmpty)
    #expect(.seconds(30)...(.seconds(32)) ~= time)
  }

  @Test func `end a head that takes too long, with 408`() async throws {
    let (time, answer) = try await Self.end(of: "GET / HTTP/1.1\r\nHo")
    #expect(statuses(answer) == ["408"])
    #expect(.seconds(30)...(.seconds(32)) ~= time)
  }

  @Test func `end an idle connection after its answer, silently`() async throws {
    let (time, answer) = try await Self.end(of: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(statuses(answer) == ["200"])
    #expect(.seconds(75)...(.seconds(77)) ~= time)
  }

  @Test func `end a body that comes too slowly, with 408`() async throws {
    let (time, answer) = try await Self.end(of: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx") {
      request, response in try await response.send(try await request.body.text())
    }
    #expect(statuses(answer) == ["408"])
    #expect(.seconds(5)...(.seconds(8)) ~= time)
  }

  @Test func `leave a handler all the time it wants`() async throws {
    let (time, answer) = try await Self.end(of: "GET / HTTP/1.0\r\n\r\n") { request, response in
      try await sleep(.seconds(1000))
      try await response.send("late")
    }
    #expect(answer.hasSuffix("late"))
    #expect(time >= .seconds(1000))
  }

  @Test(.virtualTime) func `reset a client that takes nothing, and spare one that takes a little`() async throws {
    let errors = Texts()
    try await withHTTPServer(
      .virtual,
      handler: { request, response in
        do {
          try await response.stream { body in
            for _ in 0..<2000 { try await body.write([UInt8](repeating: 0x78, count: 10_000)) }
          }
        } catch {
          errors.append("\(error)")
          throw error
        }
      }
    ) { server in
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port, limit: 1000)
      try await stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      while errors.all.isEmpty { try await sleep(.seconds(1)) }
      #expect(errors.all == ["GET /: the client took the response too slowly (HTTPServerLimits.leastRate)"])
      #expect(try await server.statistics.tooSlow == 1)
      stream.abort()
    }
  }

  @Test(arguments: BackendKind.all) func `end a connection with its last request`(backend: BackendKind) async throws {
    var limits = HTTPServerLimits()
    limits.requestsPerConnection = 3
    try await withHTTPServer(backend, limits: limits, handler: { try await $1.send("x") }) { server in
      let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
      let answer = try await server.answers(to: String(repeating: request, count: 5))
      #expect(statuses(answer) == ["200", "200", "200"])
      #expect(answer.hasSuffix("Connection: close\r\nContent-Length: 1\r\n\r\nx"))
    }
  }
}

/// Durations that a task appends.
private final class TimesOfTest: Sendable {
  private let texts = Texts()
  func append(_ time: Duration) { texts.append("\(time / .nanoseconds(1))") }
  var all: [Duration] { texts.all.compactMap { Double($0).map { .nanoseconds(Int64($0)) } } }
}
