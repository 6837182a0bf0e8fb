// SPDX-License-Identifier: Apache-2.0
// Failures of the peer, and how long they may take.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

@testable import AsyncIOTLS

@Suite("A TLS stream fails", .timeLimit(.minutes(1))) struct TLSFailureTests {
  static let certificates = ["expired", "early", "other", "self", "unknown", "client"]

  /// A server whose handler counts its calls.
  private static func startCounting(_ tls: TLSConfiguration, _ calls: Calls) async throws -> Server {
    try await startServer(host: "127.0.0.1", port: 0, tls: tls) { try await calls.serve($0) }
  }

  private final class Calls: Sendable {
    let count = Mutex(0)

    func serve(_ stream: ByteStream) async throws {
      count.withLock { $0 += 1 }
      try await stream.write("hello\n")
      _ = try await stream.readToEnd()
    }
  }

  @Test(arguments: BackendKind.all, certificates)
  func `for a server's certificate, by name, on both sides`(backend: BackendKind, name: String) async throws {
    try await withEventLoop(backend: backend) {
      let (reports, calls) = (Reports(), Calls())
      let server = try await startReporting(.showing(name)) { try await calls.serve($0) }
      let error = await #expect(throws: TLSError.self) { try await connect(server.port) }
      #expect(error?.certificate?.subject == "CN=\(name)")
      #expect(error?.operation == .handshake && error?.peer == "127.0.0.1")
      try await turns { !reports.all.isEmpty }
      // The alert has come, and no reset overtook it.
      guard case .alert = reports.tls.first?.kind else {
        Issue.record("\(reports.all)")
        return
      }
      server.close()
      try await server.waitClosed()
      #expect(calls.count.withLock { $0 } == 0)
    }
  }

  @Test(arguments: BackendKind.all)
  func `for a client's certificate, or for none`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (reports, calls) = (Reports(), Calls())
      let server = try await startReporting(.showing("server", clients: .required)) { try await calls.serve($0) }
      func kind(_ name: String?) async throws -> TLSError.Kind? {
        // In TLS 1.3 a client has finished before the server sees its certificate.
        let error = await #expect(throws: TLSError.self) {
          let stream = try await connect(server.port, .trusting(showing: name))
          _ = try await stream.readLine()
        }
        return error?.kind
      }
      #expect(try await kind(nil) == .alert(.certificateRequired))
      #expect(try await kind("expired") == .alert(.certificateExpired))
      #expect(try await kind("unknown") == .alert(.unknownCA))
      #expect(try await kind("self") == .alert(.unknownCA))
      #expect(try await kind("server") == .alert(.unsupportedCertificate))
      try await turns { reports.all.count == 5 }
      #expect(
        reports.tls.map(\.kind) == [
          .certificateMissing, .certificateExpired, .certificateIssuerUnknown, .certificateSelfSigned,
          .certificateForAnotherPurpose,
        ])
      #expect(calls.count.withLock { $0 } == 0)
      let stream = try await connect(server.port, .trusting(showing: "client"))
      #expect(try await stream.readLine() == "hello")
      try await stream.close()
      server.close()
      try await server.waitClosed()
    }
  }

  // MARK: - Peers that don't take part

  @Test(arguments: BackendKind.all)
  func `at a server without a report: it is counted`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (reports, calls) = (Reports(), Calls())
      let server = try await Self.startCounting(.showing("server", clients: .required), calls)
      func failed(_ count: Int, at other: Server? = nil) async throws {
        try await turns { try await (other ?? server).statistics.failedHandshakes == count }
      }
      // Without a certificate, in plain text, gone, reset, and silent.
      await #expect(throws: TLSError.self) {
        let stream = try await connect(server.port)
        _ = try await stream.readLine()
      }
      try await failed(1)
      let plain = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await plain.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      try await failed(2)
      plain.abort()
      try await ByteStream.connect(host: "127.0.0.1", port: server.port).close()
      try await failed(3)
      let resetting = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await resetting.write([22])
      resetting.abort()
      try await failed(4)
      let hasty = try await startEcho(.showing("server").with { $0.handshakeTimeLimit = .milliseconds(20) })
      let silent = try await ByteStream.connect(host: "127.0.0.1", port: hasty.port)
      try await failed(1, at: hasty)
      silent.abort()
      try await hasty.stop()
      let good = try await connect(server.port, .trusting(showing: "client"))
      #expect(try await good.readLine() == "hello")
      #expect(
        try await server.statistics.description.hasPrefix("5 connections (1 open, 0 refused, 0 cut off, 4 failed"))
      try await good.close()
      server.close()
      try await server.waitClosed()
      #expect(reports.all.isEmpty && calls.count.withLock { $0 } == 1)
    }
  }

  @Test(arguments: BackendKind.all)
  func `not reported of a client that connects and goes`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (reports, calls) = (Reports(), Calls())
      let server = try await Self.startCounting(.showing("server"), calls)
      for _ in 0..<3 { try await ByteStream.connect(host: "127.0.0.1", port: server.port).close() }
      server.close()
      try await server.waitClosed()
      #expect(reports.all.isEmpty && calls.count.withLock { $0 } == 0)
    }
  }

  @Test(.virtualTime) func `after a minute if a client says nothing`() async throws {
    let (reports, calls) = (Reports(), Calls())
    let server = try await startReporting(.showing("server")) { try await calls.serve($0) }
    let start = EventLoop.current.time
    let silent = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
    await #expect(throws: (any Error).self) {
      // A reset is an error, an end is not.
      if try await silent.read(upTo: 1).isEmpty { throw StreamError.aborted }
    }
    let waited = start.duration(to: EventLoop.current.time)
    #expect(waited >= .seconds(60) && waited < .seconds(61))
    #expect(reports.tls.map(\.kind) == [.handshakeTimedOut(after: .seconds(60))])
    #expect("\(reports.tls[0])".hasSuffix(": timed out after 60.0 seconds"))
    try await silent.close()
    server.close()
    try await server.waitClosed()
    #expect(calls.count.withLock { $0 } == 0)
  }

  @Test(arguments: BackendKind.all)
  func `in time if the peer never finishes its handshake`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let reports = Reports()
      let limit = Duration.milliseconds(20)
      // A server that reads the hello and answers nothing.
      let mute = try await startServer(host: "127.0.0.1", port: 0) { stream in _ = try await stream.readToEnd() }
      let client = TLSConfiguration.trusting().with { $0.handshakeTimeLimit = limit }
      let error = await #expect(throws: TLSError.self) { try await connect(mute.port, client) }
      #expect(error?.kind == .handshakeTimedOut(after: limit))
      // One time limit for everything.
      let outer = await #expect(throws: TLSError.self) {
        try await ByteStream.connect(host: "127.0.0.1", port: mute.port, tls: .trusting(), timeout: limit)
      }
      #expect(outer?.kind == .handshakeTimedOut(after: limit))
      // A client that sends half a hello.
      let server = try await startReporting(.showing("server").with { $0.handshakeTimeLimit = limit }) {
        _ = try await $0.readToEnd()
      }
      let half = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await half.write([22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])
      try await turns { reports.tls.map(\.kind) == [.handshakeTimedOut(after: limit)] }
      half.abort()
      try await server.stop()
      try await mute.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `if the peer speaks something else`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (reports, calls) = (Reports(), Calls())
      let server = try await startReporting(.showing("server")) { try await calls.serve($0) }
      let plain = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await plain.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      try await turns { !reports.all.isEmpty }
      #expect(reports.tls.map(\.kind) == [.notTLS])
      plain.abort()
      try await server.stop()
      #expect(calls.count.withLock { $0 } == 0)

      let greeter = try await startServer(host: "127.0.0.1", port: 0) { stream in
        try await stream.write("220 smtp.example.test\r\n")
        _ = try await stream.readToEnd()
      }
      let error = await #expect(throws: TLSError.self) { try await connect(greeter.port) }
      #expect(error.map { "\($0)" } == "TLS handshake with 127.0.0.1: peer does not speak TLS")
      try await greeter.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `if the connection is lost in the handshake`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      _ = Reports()
      let closer = try await startServer(host: "127.0.0.1", port: 0) { stream in
        _ = try await stream.read(upTo: 65_536)
        try await stream.close()
      }
      let closed = await #expect(throws: TLSError.self) { try await connect(closer.port) }
      #expect(closed?.kind == .truncated && closed?.operation == .handshake)
      try await closer.stop()
      let resetter = try await startServer(host: "127.0.0.1", port: 0) { stream in
        _ = try await stream.read(upTo: 65_536)
        stream.abort()
      }
      let reset = await #expect(throws: SystemError.self) { try await connect(resetter.port) }
      #expect(reset?.code == .connectionReset)
      try await resetter.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `if its task is cancelled in the handshake`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let ends = Mutex(0)
      let greeted = AsyncIO.Event()
      let mute = try await startServer(host: "127.0.0.1", port: 0) { stream in
        _ = try await stream.readExactly(5)
        greeted.set()
        _ = try? await stream.readToEnd()
        ends.withLock { $0 += 1 }
      }
      let connecting = Task { try await connect(mute.port) }
      try await greeted.wait()
      connecting.cancel()
      await #expect(throws: CancellationError.self) { try await connecting.value }
      try await turns { ends.withLock { $0 } == 1 }
      mute.close()
      try await mute.waitClosed()
    }
  }

  // MARK: - The end

  @Test(arguments: BackendKind.all)
  func `if it ends without close_notify`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      _ = Reports()
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        try await stream.write("the first half")
        _ = try await stream.readToEnd()
      }
      // A relay that cuts the connection.
      let cut = AsyncIO.Event()
      let relay = try await startServer(host: "127.0.0.1", port: 0) { near in
        let far = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
        let up = Task {
          while case let bytes = try await near.read(upTo: 4096), !bytes.isEmpty { try await far.write(bytes) }
        }
        let down = Task {
          while case let bytes = try await far.read(upTo: 4096), !bytes.isEmpty { try await near.write(bytes) }
        }
        try await cut.wait()
        try await near.close()
        far.abort()
        _ = await (up.result, down.result)
      }
      let stream = try await connect(relay.port)
      #expect(try await stream.readExactly(9) == Array("the first".utf8))
      cut.set()
      let error = await #expect(throws: TLSError.self) { try await stream.readToEnd() }
      #expect(error?.kind == .truncated && error?.operation == .receive)
      await #expect(throws: TLSError.self) { try await stream.write("x") }
      await #expect(throws: TLSError.self) { try await stream.close() }
      try await relay.stop()
      try await server.stop()
    }
  }

  @Test(arguments: BackendKind.all)
  func `with the mistakes of the configuration, before it connects`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let broken = TLSConfiguration.trusting("nonexistent.pem")
      let error = await #expect(throws: TLSError.self) { try await connect(1, broken) }
      #expect(error?.operation == .configuration)
      let server = TLSConfiguration.server(certificateChainFile: "/nonexistent/a", privateKeyFile: "/nonexistent/b")
      await #expect(throws: TLSError.self) { try await startEcho(server) }
      let (near, far) = try await ByteStream.pair()
      await #expect(throws: TLSError.self) { try await near.startTLS(broken, host: "localhost") }
      await #expect(throws: StreamError.writeAfterEnd) { try await near.write("in plain") }
      #expect(try await far.readToEnd().isEmpty)
      try await far.close()
    }
  }
}
