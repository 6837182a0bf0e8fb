// SPDX-License-Identifier: Apache-2.0
// Other implementations: OpenSSL's own programs, curl, and Python with and without asyncio.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOTLS

private func file(_ name: String) -> String { TestCertificates.shared.path(name) }

@Suite("TLS with others", .timeLimit(.minutes(1))) struct InteropTests {
  // MARK: - Their clients

  @Test(arguments: BackendKind.real, ["-tls1_2", "-tls1_3"])
  func `s_client talks to our server`(backend: BackendKind, version: String) async throws {
    try await withEventLoop(backend: backend) {
      let tls = TLSConfiguration.showing("server", clients: .required).with { $0.applicationProtocols = ["chat"] }
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: tls) { stream in
        let (name, version) = (stream.tls?.serverName ?? "", "\(stream.tls!.version)")
        let client = stream.tls?.peerCertificate?.subject ?? ""
        try await stream.write("\(try await stream.readLine() ?? ""), \(name), \(version), \(client)\n")
        try await stream.close()
      }
      let said = try await output(
        of: [
          "openssl", "s_client", "-connect", "127.0.0.1:\(server.port)", version, "-servername", "example.test",
          "-alpn",
          "x,chat", "-CAfile", file("root.pem"), "-verify_hostname", "example.test", "-verify_return_error", "-cert",
          file("client.pem"), "-key", file("client.key"), "-cert_chain", file("intermediate.ca.pem"), "-ign_eof",
        ], input: "hello\n")
      #expect(said.contains("hello, example.test, TLS 1.\(version.suffix(1)), CN=client\n"), "\(said)")
      #expect(said.contains("ALPN protocol: chat") && said.contains("Verification: OK"), "\(said)")
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.real)
  func `our server refuses s_client's certificates`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let reports = Reports()
      let lists = TLSConfiguration.PEM.file(file("revoked.crl"))
      let tls = TLSConfiguration.showing("server", clients: .required).with { $0.revocationLists = [lists] }
      let server = try await startReporting(tls) { _ = try await $0.readToEnd() }
      let cases: [(String?, TLSError.Kind, String)] = [
        (nil, .certificateMissing, "alert certificate required"),
        ("expired", .certificateExpired, "alert certificate expired"),
        ("revoked", .certificateRevoked, "alert certificate revoked"),
        ("self", .certificateSelfSigned, "alert unknown ca"),
        ("unknown", .certificateIssuerUnknown, "alert unknown ca"),
        ("server", .certificateForAnotherPurpose, "alert unsupported certificate"),
      ]
      for (name, kind, alert) in cases {
        var words = ["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)", "-ign_eof", "-tls1_3"]
        if let name {
          words += ["-cert", file("\(name).pem"), "-key", file("\(name).key")]
          words += ["-cert_chain", file("intermediate.ca.pem")]
        }
        let said = try await output(of: words)
        #expect(said.contains(alert), "\(said)")
        try await turns { reports.tls.contains { $0.kind == kind } }
      }
      // Nothing in common, in two ways.
      let oldCipher = ["-tls1_2", "-cipher", "AES128-SHA256"]
      let said = try await output(of: ["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)"] + oldCipher)
      #expect(said.contains("alert handshake failure"), "\(said)")
      try await turns { reports.tls.contains { $0.kind == .noSharedCipher } }
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.real)
  func `curl gets a page from our server`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let tls = TLSConfiguration.showing("server").with { $0.applicationProtocols = ["http/1.1"] }
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: tls) { stream in
        _ = try await stream.readUntil(Array("\r\n\r\n".utf8))
        // An end that only close_notify marks.
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        try await stream.write(head + String(repeating: "page ", count: 50_000))
        try await stream.close()
      }
      let words = ["curl", "-sS", "--cacert", file("root.pem"), "https://127.0.0.1:\(server.port)/"]
      let page = try await output(of: words)
      let isComplete = page == String(repeating: "page ", count: 50_000)
      #expect(isComplete, "\(page.count) bytes, \(page.prefix(100))")
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.real)
  func `Python's ssl and asyncio send megabytes to our server and get them back`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startEcho()
      let blocking = """
        import os, socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[2])
        plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        sent = os.urandom(2_000_000)
        received = b""
        with context.wrap_socket(plain, server_hostname="localhost") as stream:
          # One thread: until Python 3.13 nothing keeps two of them from using one session at a time.
          for start in range(0, len(sent), 40_000):
            stream.sendall(sent[start:start + 40_000])
            while len(received) < start + 40_000:
              received += stream.recv(65536)
          stream.unwrap()
        print("same" if received == sent else "different")
        """
      let asynchronous = """
        import asyncio, os, ssl, sys
        async def main():
          context = ssl.create_default_context(cafile=sys.argv[2])
          reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=context, server_hostname="localhost")
          sent = os.urandom(2_000_000)
          writer.write(sent)
          received = await reader.readexactly(len(sent))
          writer.close()
          await writer.wait_closed()
          print("same" if received == sent else "different")
        asyncio.run(main())
        """
      for script in [blocking, asynchronous] {
        let said = try await output(of: ["python3", "-c", script, "\(server.port)", file("root.pem")])
        #expect(said == "same\n")
      }
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.real)
  func `s_client upgrades a conversation with our server`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        try await stream.write("220 mail.example.test ESMTP\r\n")
        while let line = try await stream.readLine() {
          if line.hasPrefix("EHLO") {
            try await stream.write("250-mail.example.test\r\n250 STARTTLS\r\n")
          } else if line == "STARTTLS" {
            try await stream.write("220 ready\r\n")
            try await stream.startTLS(.showing("server"))
          } else if line == "QUIT" {
            try await stream.write("221 \(stream.tls?.version.description ?? "plain")\r\n")
            break
          }
        }
        try await stream.close()
      }
      let words = [
        "openssl", "s_client", "-starttls", "smtp", "-connect", "127.0.0.1:\(server.port)", "-CAfile", file("root.pem"),
        "-verify_return_error", "-quiet", "-ign_eof",
      ]
      // Not "QUIT": s_client takes a line that begins with Q for a command, unless it is quiet.
      let said = try await output(of: words, input: "QUIT\r\n")
      #expect(said.contains("221 TLS 1.3"), "\(said)")
      server.close()
      try await server.waitClosed()
    }
  }

  // MARK: - Their servers

  @Test(arguments: BackendKind.real, ["-tls1_2", "-tls1_3"])
  func `our client talks to s_server`(backend: BackendKind, version: String) async throws {
    try await withEventLoop(backend: backend) {
      let words = [
        "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", file("server.leaf.pem"), "-key", file("server.key"),
        "-cert_chain", file("intermediate.ca.pem"), "-rev", version, "-alpn", "chat", "-Verify", "3",
        "-verify_return_error", "-CAfile", file("root.pem"), "-chainCAfile", file("root.pem"),
      ]
      try await withPeer(words) { port, _ in
        let tls = TLSConfiguration.trusting(showing: "client").with { $0.applicationProtocols = ["chat"] }
        var resumed: [Bool] = []
        for _ in 0..<2 {
          let stream = try await connect(port, tls, name: "example.test")
          for _ in 0..<3 {
            try await stream.write("hello\n")
            #expect(try await stream.readLine() == "olleh")
          }
          #expect(stream.tls?.applicationProtocol == "chat")
          #expect("\(stream.tls!.version)" == "TLS 1.\(version.suffix(1))")
          resumed.append(stream.tls!.isResumed)
          try await stream.close()
        }
        #expect(resumed == [false, true])
      }
    }
  }

  @Test(
    arguments: BackendKind.real,
    ["expired", "early", "revoked", "other", "self", "unknown", "client"])
  func `our client refuses s_server's certificates`(backend: BackendKind, name: String) async throws {
    let expected: [String: TLSError.Kind] = [
      "expired": .certificateExpired, "early": .certificateNotYetValid, "revoked": .certificateRevoked,
      "other": .certificateForAnotherName(names: ["other.test", "192.0.2.1"]), "self": .certificateSelfSigned,
      "unknown": .certificateIssuerUnknown, "client": .certificateForAnotherPurpose,
    ]
    try await withEventLoop(backend: backend) {
      let words = [
        "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", file("\(name).pem"), "-key", file("\(name).key"),
        "-cert_chain", file("intermediate.ca.pem"), "-rev",
      ]
      try await withPeer(words) { port, _ in
        var tls = TLSConfiguration.trusting()
        if name == "revoked" { tls.revocationLists = [.file(file("revoked.crl"))] }
        let client = tls
        let error = await #expect(throws: TLSError.self) { try await connect(port, client, name: "localhost") }
        #expect(error?.kind == expected[name])
        #expect(error?.certificate?.subject == "CN=\(name)")
      }
    }
  }

  @Test(arguments: BackendKind.real)
  func `our client gets megabytes from Python's asyncio, after start_tls too`(backend: BackendKind) async throws {
    let script = """
      import asyncio, ssl, sys
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain(sys.argv[1], sys.argv[2])
      async def serve(reader, writer):
        if await reader.readline() != b"STARTTLS\\n":
          return
        writer.write(b"go ahead\\n")
        await writer.drain()
        await writer.start_tls(context)
        while data := await reader.read(65536):
          writer.write(data)
          await writer.drain()
        writer.close()
      async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()
      asyncio.run(main())
      """
    try await withEventLoop(backend: backend) {
      let words = ["python3", "-c", script, file("server.pem"), file("server.key")]
      try await withPeer(words) { port, _ in
        let stream = try await ByteStream.connect(host: "127.0.0.1", port: port)
        try await stream.write("STARTTLS\n")
        #expect(try await stream.readLine() == "go ahead")
        try await stream.startTLS(.trusting(), host: "localhost")
        let bytes = pattern(2_000_000, seed: 9)
        let sending = Task { try await stream.write(bytes) }
        expectSame(try await stream.readExactly(bytes.count), bytes)
        try await sending.value
        try await stream.close()
      }
    }
  }
}
