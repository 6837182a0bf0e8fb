// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Connections of a client", .timeLimit(.minutes(1))) struct PoolTests {
  @Test(arguments: BackendKind.all)
  func `one connection serves one request after another`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { ServedResponse(200, text: "\($0.number)") }
      let client = HTTPClient()
      for number in 1...20 { #expect(try await client.get(server.url()).text() == "\(number)") }
      server.close()
    }
  }

  @Test(arguments: BackendKind.real)
  func `there are never more connections than the limit, and requests wait in line`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let connections = Count()
      let order = Order()
      let server = try await startSmallHTTPServer { request in
        if request.number == 1 { connections.next() }
        order.append(request.target)
        try await sleep(.milliseconds(1))
        return ServedResponse(200, text: request.target)
      }
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let client = HTTPClient(configuration)
      let url = server.url("")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<30 {
          group.addTask {
            let text = try await client.get("\(url)/\(index)").text()
            #expect(text == "/\(index)")
          }
        }
        try await group.waitForAll()
      }
      #expect(connections.current == 1)
      #expect(order.all == (0..<30).map { "/\($0)" })
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a request that was cancelled in line does not keep the ones behind it waiting`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { request in
        try await sleep(.milliseconds(20))
        return ServedResponse(200, text: request.target)
      }
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 1
      let client = HTTPClient(configuration)
      let url = server.url("")
      let first = Task { try await client.get("\(url)/1").text() }
      try await sleep(.milliseconds(1))
      let second = Task { try await client.get("\(url)/2").text() }
      let third = Task { try await client.get("\(url)/3").text() }
      try await sleep(.milliseconds(5))
      second.cancel()
      await #expect(throws: CancellationError.self) { try await second.value }
      #expect(try await first.value == "/1")
      #expect(try await third.value == "/3")
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a kept connection that the server has closed is replaced`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let response = ScriptedServer.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      // The first connection closes when the second request arrives: until then it looked alive.
      let scripted = try await ScriptedServer(
        [.request, response, .request, .close], [.request, response, .request, .reset], [.request, response, .hang])
      let client = HTTPClient()
      for _ in 0..<3 { #expect(try await client.get(scripted.url()).text() == "ok") }
      #expect(scripted.connections.current == 3)
      scripted.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a request that must not be repeated is not, on a kept connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let response = ScriptedServer.Step.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      let scripted = try await ScriptedServer([.request, response, .request, .close], [.request, response, .hang])
      let client = HTTPClient()
      #expect(try await client.get(scripted.url()).text() == "ok")
      let error = try await #require(throws: HTTPError.self) {
        try await client.request(.post, scripted.url(), body: [1])
      }
      guard case .unexpectedEnd = error.kind else { throw error }
      #expect(scripted.connections.current == 1)
      scripted.server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `a response that is dropped before its end closes its connection`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { request in
        ServedResponse(200, fields: ["x-number": "\(request.number)"], .bytes(pattern(2_000_000)))
      }
      let client = HTTPClient()
      for _ in 0..<3 { #expect(try await client.get(server.url()).fields["x-number"] == "1") }
      #expect(try await client.get(server.url()).bytes().count == 2_000_000)
      #expect(try await client.get(server.url()).fields["x-number"] == "2")
      server.close()
    }
  }

  @Test(.virtualTime) func `idle connections are closed after their time, and when they are told to`() async throws {
    let server = try await startSmallHTTPServer { ServedResponse(200, text: "\($0.number)") }
    let client = HTTPClient()
    #expect(try await client.get(server.url()).text() == "1")
    try await sleep(.seconds(14))
    #expect(try await client.get(server.url()).text() == "2")
    try await sleep(.seconds(16))
    #expect(try await client.get(server.url()).text() == "1")
    client.closeIdleConnections()
    #expect(try await client.get(server.url()).text() == "1")
    server.close()
  }

  @Test(arguments: BackendKind.all)
  func `dropping a client closes its connections`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { _ in ServedResponse(200, text: "ok") }
      do {
        let client = HTTPClient()
        #expect(try await client.get(server.url()).text() == "ok")
      }
      server.close()
      // Returns when the server's connections have ended.
      try await server.waitClosed()
    }
  }
}

/// Events, in order.
final class Order: Sendable {
  private let texts = Mutex<[String]>([])
  func append(_ text: String) { texts.withLock { $0.append(text) } }
  var all: [String] { texts.withLock { $0 } }
}
