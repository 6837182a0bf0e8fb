// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOHTTP
import AsyncIOTesting
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("aio fetch", .timeLimit(.minutes(1))) struct FetchTests {
  /// Runs the body beside a server, on a loop.
  private func withServer(
    _ handler: @escaping @Sendable (ServedRequest) async throws -> ServedResponse,
    _ body: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    try await withEventLoop {
      let server = try await startSmallHTTPServer(handler: handler)
      try await body("http://127.0.0.1:\(server.port)")
      server.close()
    }
  }

  @Test func `one URL: its body, and nothing else`() async throws {
    try await withServer({ ServedResponse(200, text: "the body of \($0.target)") }) { site in
      let result = try await Aio.run("fetch", "\(site)/a")
      #expect(result.output == "the body of /a")
      #expect(result.errors == "" && result.status == 0)
    }
  }

  @Test func `a list: a line a page, a summary, and failures that stop nobody`() async throws {
    try await withServer({ request in
      request.target == "/7" ? ServedResponse(404, text: "no") : ServedResponse(200, text: request.target)
    }) { site in
      let urls = (0..<50).map { "\(site)/\($0)" } + ["", "# a comment", "nonsense", "\(site)/1"]
      let result = try await Aio.run("fetch", "-c", "8", "--from", "-", input: urls.joined(separator: "\n"))
      var lines = result.output.split(separator: "\n").map(String.init)
      let summary = lines.removeLast()
      #expect(
        Set(lines) == Set((0..<50).filter { $0 != 7 }.map { "200 \("/\($0)".utf8.count) \(site)/\($0)" }))
      #expect(lines.count == 49)
      #expect(summary.hasPrefix("49 pages, 138 bytes in "))
      #expect(summary.hasSuffix("; 2 failed: 1 malformed URL, 1 status 404"))
      #expect(
        result.errors == """
          aio: "nonsense": there is no scheme such as https://
          aio: get \(site)/7: 404 Not Found

          """)
      #expect(result.status == 1)
    }
  }

  @Test func `pages are stored under names that depend on the URL alone and stay in the folder`() async throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try await withServer({ ServedResponse(200, text: $0.target) }) { site in
      let paths = [
        "/", "/a.html", "/a.html?q=1", "/%2e%2e/%2e%2e/etc/passwd", "/../../x",
        "/" + String(repeating: "l", count: 500),
      ]
      let pages = folder.appendingPathComponent("new/pages")
      let arguments = ["fetch", "-o", pages.path] + paths.map { site + $0 }
      let first = try await Aio(arguments).finish()
      #expect(first.status == 0 && first.errors == "")
      let names = try FileManager.default.contentsOfDirectory(atPath: pages.path).sorted()
      #expect(names.count == paths.count)
      #expect(names.filter { $0.hasSuffix(".html") }.count == 2)
      var contents: Set<String> = []
      for name in names {
        #expect(name.utf8.count < 255 && !name.hasPrefix("."))
        contents.insert(try String(contentsOf: pages.appendingPathComponent(name), encoding: .utf8))
      }
      #expect(contents == Set(paths))
      let second = try await Aio(arguments).finish()
      #expect(second.status == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: pages.path).sorted() == names)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["new"])
  }

  @Test func `a page that fails for a moment is tried again`() async throws {
    let tries = Mutex(0)
    try await withServer({ _ in
      let number = tries.withLock { tries in
        tries += 1
        return tries
      }
      return number < 3 ? ServedResponse(503) : ServedResponse(200, text: "at last")
    }) { site in
      let result = try await Aio.run("fetch", "--retries", "2", "\(site)/")
      #expect(result.output == "at last" && result.errors == "" && result.status == 0)
    }
    #expect(tries.withLock { $0 } == 3)
  }

  @Test func `what cannot be fetched is named in one line`() async throws {
    try await withEventLoop {
      let gone = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
      gone.close()
      try await gone.waitClosed()
      let silent = try await startServer(host: "127.0.0.1", port: 0) { reader, _ in _ = try await reader.readToEnd() }
      let garbage = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Array("\r\n\r\n".utf8))
        try await writer.write("220 smtp.example.org\r\n")
        try await writer.close()
      }
      let hasty = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        _ = try await reader.readUntil(Array("\r\n\r\n".utf8))
        try await writer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        try await writer.close()
      }
      let expected = [
        (gone, "connect 127.0.0.1:\(gone.port): connection refused (ECONNREFUSED)"),
        (silent, "timed out after 200 ms while waiting for the response"),
        (garbage, "HTTP response: status line is not 'version status reason' (\"220 smtp.example.org\")"),
        (hasty, "HTTP response: connection ended inside the body"),
      ]
      for (server, reason) in expected {
        let url = "http://127.0.0.1:\(server.port)/"
        let result = try await Aio.run("fetch", "--retries", "0", "--timeout", "0.2", url)
        #expect(result.errors == "aio: get \(url): \(reason)\n")
        #expect(result.output == "" && result.status == 1)
      }
      for server in [silent, garbage, hasty] { server.close() }
    }
  }

  @Test func `what standard output does not take is told, and not reported as success`() async throws {
    try await withServer({ ServedResponse(200, text: $0.target) }) { site in
      for arguments in [["fetch", "\(site)/a"], ["fetch", "\(site)/a", "\(site)/b"], ["--version"]] {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let result = try await Aio(arguments, standardOutput: full.fileDescriptor).finish()
        #expect(result.errors == "aio: write standard output: no space left on device (ENOSPC)\n")
        #expect(result.status == 74)
      }
    }
  }

  @Test func `a standard output that does not block gets everything all the same`() async throws {
    let size = 1_000_000
    try await withServer({ _ in ServedResponse(200, .bytes(Array(repeating: 0x79, count: size))) }) { site in
      let pipe = Pipe()
      let writing = pipe.fileHandleForWriting
      #expect(fcntl(writing.fileDescriptor, F_SETFL, O_NONBLOCK) == 0)
      let aio = try Aio(["fetch", "\(site)/"], standardOutput: writing.fileDescriptor)
      try writing.close()
      async let result = aio.finish()
      let received = await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          continuation.resume(returning: pipe.fileHandleForReading.readDataToEndOfFile().count)
        }
      }
      #expect(received == size)
      #expect(await result.status == 0)
    }
  }

  @Test func `a very long URL does not make a very long line`() async throws {
    let result = try await Aio.run("fetch", "--from", "-", input: String(repeating: "z", count: 300_000))
    #expect(result.errors.utf8.count < 1_100)
    #expect(
      result.errors.hasPrefix("aio: \"zzz") && result.errors.hasSuffix("zz\": there is no scheme such as https://\n"))
    #expect(result.status == 64)
  }

  @Test func `Ctrl-C ends it with a summary and status 130`() async throws {
    try await withEventLoop {
      let (requests, arrived) = AsyncStream.makeStream(of: Void.self)
      let server = try await startSmallHTTPServer { request in
        if request.target == "/slow" {
          arrived.yield()
          try await sleep(.seconds(3600))
        }
        return ServedResponse(200, text: "x")
      }
      let site = "http://127.0.0.1:\(server.port)"
      let aio = try Aio(["fetch", "-c", "1", "\(site)/fast", "\(site)/slow", "\(site)/never"])
      var iterator = requests.makeAsyncIterator()
      await iterator.next()
      aio.interrupt()
      let result = await aio.finish()
      let lines = result.output.split(separator: "\n")
      #expect(lines.count == 2)
      #expect(lines.last?.hasPrefix("1 page, 1 byte in ") == true)
      #expect(result.errors == "")
      #expect(result.status == 130)
      server.close()
      server.abortClients()
    }
  }
}
