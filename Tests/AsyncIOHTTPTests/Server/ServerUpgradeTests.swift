// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Foundation
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Upgrades, tunnels and files", .timeLimit(.minutes(1))) struct ServerUpgradeTests {
  private static let echo: HTTPHandler = { request, response in
    if request.method == .connect {
      return try await response.connect { stream in try await stream.write(try await stream.readToEnd()) }
    }
    try await response.switchProtocols(to: "echo", fields: ["x-a": "1"]) { stream in
      for try await line in stream.lines { try await stream.write("<\(line)>\n") }
    }
  }

  @Test(arguments: BackendKind.all)
  func `hand out the stream, and the bytes behind the request are in it`(backend: BackendKind) async throws {
    try await withHTTPServer(backend, handler: Self.echo) { server in
      let answer = try await server.answers(
        to: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other, Echo\r\n\r\nhello\n", endsInput: true)
      #expect(
        answer == "HTTP/1.1 101 Switching Protocols\r\nx-a: 1\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n<hello>\n")
      let body = try await server.answers(
        to:
          "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 4\r\n\r\nbodyhello\n",
        endsInput: true)
      #expect(body.hasSuffix("\r\n\r\n<hello>\n"))
      let tunnel = try await server.answers(to: "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nhello", endsInput: true)
      #expect(tunnel == "HTTP/1.1 200 OK\r\n\r\nhello")
    }
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
  ]) func `are refused if nobody asks for them`(request: String) async throws {
    try await withHTTPServer(.virtual, handler: Self.echo) { server in
      let answer = try await server.answers(to: request, endsInput: true)
      #expect(statuses(answer) == ["400"])
    }
  }

  @Test(arguments: BackendKind.all)
  func `end in a shutdown: idle ones find the end, others can say goodbye`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startHTTPServer(host: "127.0.0.1", port: 0) { request, response in
        try await response.switchProtocols(to: "echo") { stream in
          try await stream.write("ready\n")
          try await response.waitForShutdown()
          try await stream.write("goodbye\n")
        }
      }
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await stream.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
      _ = try await stream.readUntil(Array("ready\n".utf8))
      let summary = await server.shutdown(drain: .seconds(10))
      #expect(summary.aborted == 0)
      let line = try await stream.readLine()
      #expect(line == "goodbye")
      try await stream.close()
    }
  }

  @Test(arguments: BackendKind.all) func `send files, small, large and in part`(
    backend: BackendKind
  ) async throws {
    let folder = try temporaryFolder().path
    let bytes = pattern(3_000_000)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await withHTTPServer(
      backend,
      handler: { request, response in
        EventLoop.current.setExceptionHandler { _, _ in }
        switch request.path {
        case "/part": try await response.sendFile(folder + "/large", status: 206, from: 100, count: 50_000)
        case "/folder": try await response.sendFile(folder)
        default: try await response.sendFile(folder + request.path, contentType: "x/y")
        }
      }
    ) { server in
      // In virtual time, the folder is one in memory.
      try await Path(folder).makeDirectory(withParents: true, ifMissing: true)
      try await Path(folder + "/small").write(Array(bytes[..<1000]))
      try await Path(folder + "/large").write(bytes)
      let client = HTTPClient()
      for _ in 1...2 {
        for (path, range) in [("/small", 0..<1000), ("/large", 0..<bytes.count), ("/part", 100..<50_100)] {
          let received = try await client.get(server.url(path)).bytes()
          #expect(received == Array(bytes[range]), "\(path)")
        }
        let head = try await client.request(.head, server.url("/large"))
        #expect(head.fields["content-length"] == "3000000" && head.fields["content-type"] == "x/y")
        for path in ["/folder", "/none"] {
          let status = try await client.get(server.url(path)).status
          #expect(status == 500)
        }
      }
      client.closeIdleConnections()
    }
  }
}
