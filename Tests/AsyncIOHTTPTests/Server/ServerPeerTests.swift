// SPDX-License-Identifier: Apache-2.0
// The server with clients and proxies of other implementations.

import AsyncIO
import AsyncIOCore
import AsyncIOHTTP
import AsyncIOTLS
import AsyncIOTesting
import TestSupport
import Testing

@Suite("The server and other clients", .timeLimit(.minutes(1))) struct ServerPeerTests {
  private static let handler: HTTPHandler = { request, response in
    switch request.path {
    case "/upload": try await response.send("\(try await request.body.bytes().count)")
    case "/refuse": try await response.send("no", status: 403)
    case "/stream":
      try await response.stream { body in
        for number in 1...3 { try await body.write("\(number)") }
        try await body.end(trailers: ["x-sum": "6"])
      }
    case "/events":
      try await response.events { events in
        for number in 1...3 { try await events.send("\(number)") }
      }
    default: try await response.send("hello \(request.scheme)")
    }
  }

  /// Starts the server, and runs a program against it.
  private static func output(
    _ backend: BackendKind, tls: TLSConfiguration? = nil, of arguments: @escaping @Sendable (UInt16) -> [String]
  ) async throws -> String {
    try await withEventLoop(backend: backend) {
      let server = try await startHTTPServer(host: "127.0.0.1", port: 0, tls: tls, handler: handler)
      let words = arguments(server.port)
      let output = try await TestProgram.run(words[0], Array(words.dropFirst()), errors: .discarded).output
      await server.shutdown(drain: .seconds(5))
      return output
    }
  }

  @Test(arguments: BackendKind.real) func `curl keeps its connection over all kinds of answers`(
    backend: BackendKind
  ) async throws {
    let output = try await Self.output(backend) { port in
      let site = "http://127.0.0.1:\(port)"
      return [
        "curl", "-sS", "-w", " [%{http_code} %{num_connects}]\n", "\(site)/", "\(site)/stream", "\(site)/events",
        "\(site)/",
      ]
    }
    #expect(
      output == "hello http [200 1]\n123 [200 0]\ndata: 1\n\ndata: 2\n\ndata: 3\n\n [200 0]\nhello http [200 0]\n")
  }

  @Test(arguments: BackendKind.real) func `curl sends a body when it is asked to, and stops when it is refused`(
    backend: BackendKind
  ) async throws {
    func upload(_ path: String) async throws -> String {
      try await Self.output(backend) { port in
        [
          "bash", "-c",
          "head -c 2000000 /dev/zero | curl -sS --max-time 20 -H 'Expect: 100-continue' -w ' %{http_code}'"
            + " -T - http://127.0.0.1:\(port)\(path)",
        ]
      }
    }
    #expect(try await upload("/upload") == "2000000 200")
    #expect(try await upload("/refuse").hasPrefix("no 403"))
  }

  @Test(arguments: BackendKind.real) func `curl comes by TLS`(backend: BackendKind) async throws {
    let certificates = TestCertificates.shared
    let tls = TLSConfiguration.server(
      certificateChainFile: certificates.path("server.pem"), privateKeyFile: certificates.path("server.key"))
    let output = try await Self.output(backend, tls: tls) { port in
      ["curl", "-sSk", "--http1.1", "https://127.0.0.1:\(port)/", "https://127.0.0.1:\(port)/stream"]
    }
    #expect(output == "hello https123")
  }

  @Test(arguments: BackendKind.real) func `Python's client sees bodies, chunks and trailers end`(
    backend: BackendKind
  ) async throws {
    let script = """
      import http.client, sys
      c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
      for path in ["/", "/stream", "/events"]:
        c.request("GET", path); r = c.getresponse(); print(r.status, r.version, r.read())
      c.request("POST", "/upload", body=iter([b"a" * 1000, b"b" * 1000])); print(c.getresponse().read())
      c.request("HEAD", "/stream"); r = c.getresponse(); print(r.status, r.read())
      c.request("GET", "/"); print(c.getresponse().read())
      """
    let output = try await Self.output(backend) { ["python3", "-c", script, "\($0)"] }
    #expect(
      output == """
        200 11 b'hello http'
        200 11 b'123'
        200 11 b'data: 1\\n\\ndata: 2\\n\\ndata: 3\\n\\n'
        b'2000'
        200 b''
        b'hello http'

        """)
  }

  @Test(arguments: BackendKind.real) func `wrk gets an answer to each of its requests`(
    backend: BackendKind
  ) async throws {
    let output = try await Self.output(backend) { ["wrk", "-t1", "-c32", "-d1s", "http://127.0.0.1:\($0)/"] }
    #expect(!output.contains("Socket errors") && !output.contains("Non-2xx"), "\(output)")
    let requests = output.split(separator: "\n").first { $0.contains("requests in") }
    let count = requests.flatMap { Int($0.split(separator: " ")[0]) }
    #expect((count ?? 0) > 100, "\(output)")
  }
}
