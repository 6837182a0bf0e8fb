// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("The HTTP example", .timeLimit(.minutes(2))) struct HelloHTTPTests {
  @Test(.eventLoop) func `hello greets by name, and ends with its last answer`() async throws {
    let server = try TestProgram.ours("hello-http", ["0"])
    let line = await onThread { server.readLine() ?? "" }
    let port = try #require(UInt16(line.split(separator: ":").last?.dropLast() ?? ""))
    let answer = try await withConnection(host: "127.0.0.1", port: port) { stream in
      try await stream.write("GET /you HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      return String(decoding: try await stream.readToEnd(), as: UTF8.self)
    }
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nHello, you!\n"))
    server.send(SIGTERM)
    #expect(await onThread { server.readLine() } == nil)
  }
}
