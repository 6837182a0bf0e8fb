// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

private struct Secret: Error, CustomStringConvertible { var description: String { "the password is 1234" } }

@Suite("Failures in a server", .timeLimit(.minutes(1))) struct ServerFailureTests {
  @Test(arguments: BackendKind.all)
  func `of a handler give 500 without a detail, and are reported`(backend: BackendKind) async throws {
    let reports = Texts()
    try await withHTTPServer(
      backend,
      handler: { request, response in
        EventLoop.current.setExceptionHandler { _, context in reports.append("\(context)") }
        if request.path == "/forgets" { return }
        throw Secret()
      }
    ) { server in
      let answer = try await server.answers(
        to: "GET /fails?key=1 HTTP/1.1\r\nHost: a\r\n\r\nGET /forgets HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(statuses(answer) == ["500", "500"])
      #expect(!answer.contains("1234"))
      let id = try #require(answer.split(separator: "\r\n").first { $0.hasPrefix("x-request-id: ") }?.dropFirst(14))
      try #require(reports.all.count == 2)
      #expect(reports.all[0].contains("the handler of GET /fails failed (request \(id), from 127.0.0.1:"))
      #expect(reports.all[0].hasSuffix("the password is 1234") && !reports.all[0].contains("key=1"))
      #expect(reports.all[1].hasSuffix("it returned without an answer"))
      #expect(try await server.statistics.failures == 2)
    }
  }

  @Test(arguments: BackendKind.all)
  func `within a response break it off, so that nobody takes it for whole`(backend: BackendKind) async throws {
    try await withHTTPServer(
      backend,
      handler: { request, response in
        EventLoop.current.setExceptionHandler { _, _ in }
        try await response.stream { body in
          if request.path == "/late" {
            try await body.write("a part")
            try await sleep(.milliseconds(10))
          }
          throw Secret()
        }
      }
    ) { server in
      let early = try await server.answers(to: "GET /early HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(statuses(early) == ["500"])
      await #expect(throws: (any Error).self) {
        let late = try await server.answers(to: "GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
        Issue.record("came to an end: \(late)")
      }
    }
  }

  @Test(arguments: BackendKind.all)
  func `of the client cancel the handler`(backend: BackendKind) async throws {
    let events = Texts()
    let hasBegun = Event()
    let isOver = Event()
    try await withHTTPServer(
      backend,
      handler: { request, response in
        hasBegun.set()
        defer { isOver.set() }
        do { try await sleep(.seconds(3600)) } catch {
          events.append("\(type(of: error)): \(currentCancelReason.map { "\($0)" } ?? "-")")
          throw error
        }
      }
    ) { server in
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      try await hasBegun.wait()
      stream.abort()
      try await isOver.wait()
      try #require(events.all.count == 1)
      #expect(events.all[0].hasPrefix("CancellationError"))
      #expect(events.all[0].contains("the client has gone"))
    }
  }

  @Test(arguments: BackendKind.all)
  func `are not that a client ends its own stream`(backend: BackendKind) async throws {
    try await withHTTPServer(
      backend,
      handler: { request, response in
        try await sleep(.milliseconds(20))
        try await response.send("still here")
      }
    ) { server in
      let answer = try await server.answers(to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      #expect(answer.hasSuffix("still here"))
    }
  }

  @Test(.virtualTime) func `to use a response rightly are errors with names`() async throws {
    let kept = KeptExchange()
    try await withHTTPServer(
      .virtual,
      handler: { request, response in
        try await response.send("first")
        let error = await #expect(throws: HTTPServerError.self) { try await response.send("second") }
        #expect(error?.description == "GET /: the request was answered already")
        kept.set(request, response)
      }
    ) { server in
      _ = try await server.answers(to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", endsInput: true)
      let (request, response) = try #require(kept.values)
      let error = await #expect(throws: HTTPServerError.self) { try await response.send("late") }
      #expect(error?.description.hasSuffix("the handler has returned, and its request and response are over") == true)
      await #expect(throws: HTTPServerError.self) { _ = try await request.body.bytes() }
      #expect(request.method == .get)
    }
  }
}

private final class KeptExchange: @unchecked Sendable {
  // Sendable: written and read on the loop of one test.
  private(set) var values: (HTTPServerRequest, HTTPServerResponse)?
  func set(_ request: HTTPServerRequest, _ response: HTTPServerResponse) { values = (request, response) }
}
