// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("Servers of a whole process", .timeLimit(.minutes(1))) struct ServerRunTests {
  private func environment(_ backend: String) -> [String: String] { backend.isEmpty ? [:] : ["AIO_BACKEND": backend] }

  /// Runs a scenario on epoll, or on the best backend available.
  private func run(_ scenario: String, _ backend: String) throws -> TestProgram.Result {
    try TestProgram(scenario: scenario, environment: environment(backend)).finish()
  }

  @Test(arguments: RunTests.backends)
  func `connections without a descriptor are served as others end, with one report`(backend: String) throws {
    let result = try run("descriptors-again", backend)
    #expect(
      result.lines == [
        "accepting connections pauses until one ends, for a second at most", "served as others ended",
      ])
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `the limits of a server hold over all of its loops, and nobody is forgotten`(backend: String) throws {
    let result = try run("limit-of-several-loops", backend)
    #expect(result.lines == ["at most 2", "120 served, 0 open, 0 refused"])
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `a shutdown reaches the connections of every loop`(backend: String) throws {
    #expect(try run("shutdown-of-several-loops", backend).lines == ["27 connections drained, 3 aborted"])
  }

  @Test(arguments: RunTests.backends)
  func `several loops accept from one inherited socket`(backend: String) throws {
    #expect(
      try run("inherited-on-several-loops", backend).lines == ["3 sockets", "60 served", "ECONNREFUSED"])
  }

  // MARK: - Every loop serves

  @Test(arguments: RunTests.backends)
  func `a handler that is written in the body of run(loops:) runs on every loop`(backend: String) throws {
    let result = try run("spread", backend)
    #expect(
      result.lines == [
        "startServer(host:port:), two halves: 4 loops", "startServer(host:port:), a stream: 4 loops",
        "startServer(at:), two halves: 4 loops", "startServer(at:), a stream: 4 loops",
        "a handler of the main actor's: 1 loops",
      ])
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `so does a protocol's factory`(backend: String) throws {
    let result = try run("spread-protocols", backend)
    #expect(
      result.lines == [
        "createServer(host:port:): 4 loops", "createServer(at:): 4 loops", "createUnixServer: several loops",
      ])
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `several loops accept from one Unix socket or inherited one`(backend: String) throws {
    let result = try run("spread-unix", backend)
    #expect(
      result.lines == [
        "startUnixServer, two halves: several loops", "its file is gone", "startUnixServer, a stream: several loops",
        "startServer(at: .sockets): several loops",
      ])
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `so it is with TLS`(backend: String) throws {
    let environment = environment(backend).merging(["CERTIFICATES": TestCertificates.shared.folder]) { $1 }
    let result = try TestProgram(scenario: "spread-tls", environment: environment).finish()
    #expect(
      result.lines == [
        "startServer(tls:), two halves: 4 loops", "startServer(tls:), a stream: 4 loops",
        "startServer(at:tls:): 4 loops",
      ])
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `Ctrl-C lets the requests under way finish`(backend: String) throws {
    let child = try TestProgram(scenario: "drain-on-interrupt", environment: environment(backend))
    #expect(child.readLine() == "ready")
    child.interrupt()
    let result = child.finish()
    #expect(result.lines == ["cancelled", "answer [\"<request>\"]"])
    #expect(result.errors == "")
  }

  @Test(arguments: RunTests.backends)
  func `a flood of connections is spread over turns`(backend: String) throws {
    #expect(try run("flood", backend).lines == ["shared"])
  }

  // MARK: - Sockets of others

  private let served = ["left [], closed in children, then 0", "serving", "1 connections drained, 0 aborted"]

  @Test(arguments: RunTests.backends)
  func `a socket that a parent process passes on is served`(backend: String) throws {
    // Acts as a service manager: a socket at descriptor 3, and the variables, for the process that this becomes.
    let manager = """
      import os, socket, sys
      listener = socket.socket()
      listener.bind(("127.0.0.1", 0))
      listener.listen()
      print(listener.getsockname()[1], flush=True)
      os.dup2(listener.fileno(), 3)
      os.set_inheritable(3, True)
      os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="web")
      os.execv(sys.argv[1], sys.argv[1:])
      """
    let child = try TestProgram(
      "/usr/bin/env", ["python3", "-c", manager, TestProgram.scenarios, "inherited"],
      environment: environment(backend), errors: .collected)
    let port = try #require(child.readLine())
    let client = try TestProgram(scenario: "ask", environment: ["ASK_PORT": port])
    #expect(client.finish().lines == ["<bye>"])
    #expect(child.finish().lines == ["inherited [\"web\"]"] + served)
  }

  @Test(arguments: RunTests.backends)
  func `systemd starts the program with its socket when somebody connects`(backend: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("asyncio-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("app.sock").path
    let variables = environment(backend).map { "--setenv=\($0)=\($1)" }
    let manager = try TestProgram(
      "/usr/bin/env",
      ["systemd-socket-activate", "--listen=\(path)", "--fdname=web"] + variables
        + [TestProgram.scenarios, "inherited"])
    while !FileManager.default.fileExists(atPath: path) { usleep(1000) }
    // The file exists before the server listens at it.
    var answer: [String]
    repeat {
      answer = try TestProgram(scenario: "ask", environment: ["ASK_PATH": path]).finish().lines
    } while answer.first?.contains("ECONNREFUSED") == true
    #expect(answer == ["<bye>"])
    if answer != ["<bye>"] { manager.stop() }
    #expect(manager.finish().lines == ["inherited [\"web\"]"] + served)
    // The file belongs to the service manager.
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func `a program that no service manager has started inherits nothing`() throws {
    #expect(
      try run("inherited", "").lines == ["inherited []", "left [], closed in children, then 0"])
  }
}
