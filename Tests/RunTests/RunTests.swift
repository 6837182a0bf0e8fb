// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@Suite("EventLoop.run", .timeLimit(.minutes(1))) struct RunTests {
  static let backends = ["epoll", ""]

  /// Runs a scenario on epoll, or on the best backend available.
  private func run(_ scenario: String, _ backend: String) throws -> TestProgram.Result {
    try TestProgram(scenario: scenario, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend]).finish()
  }

  @Test(arguments: backends)
  func `returns the body's result`(backend: String) throws {
    let result = try run("returns", backend)
    #expect(result.lines == ["returned 42"])
    #expect(result.status == 0)
    #expect(result.errors == "")
  }

  @Test(arguments: backends)
  func `throws the body's error`(backend: String) throws {
    let result = try run("throws", backend)
    #expect(result.lines == ["error: ScenarioError()"])
    #expect(result.status == 1)
  }

  @Test(arguments: backends)
  func `runMain says why it failed in a line, after what was printed, and exits with 1`(backend: String) throws {
    let result = try run("main-fails", backend)
    #expect(result.lines == ["printed before"])
    #expect(result.errors == "error: sensor 7: no answer\n")
    #expect(result.status == 1)
    let unnamed = try run("main-fails-unnamed", backend)
    #expect(unnamed.errors == "error: run_scenarios.UnnamedError.outOfPaper\n" && unnamed.status == 1)
    let ofLoops = try run("main-of-loops-fails", backend)
    #expect(ofLoops.lines == ["printed before"] && ofLoops.errors == "error: sensor 7: no answer\n")
    #expect(ofLoops.status == 1)
    let stopped = try run("main-stops", backend)
    #expect(stopped.lines == ["cleaned up"] && stopped.errors == "" && stopped.status == -SIGTERM)
    let good = try run("main-returns", backend)
    #expect(good.lines == ["in the body", "after it"] && good.errors == "" && good.status == 0)
  }

  @Test(arguments: backends)
  func `cancels what is left and waits for its clean-up`(backend: String) throws {
    let result = try run("leftovers", backend)
    #expect(result.lines.first == "body done")
    #expect(result.lines.last == "run returned")
    #expect(
      Set(result.lines)
        == [
          "body done", "a cancelled", "b cancelled", "sleeper cancelled", "a cleaned up", "b cleaned up",
          "run returned",
        ])
    #expect(result.lines.count == 7)
    #expect(result.errors == "")
  }

  @Test(arguments: backends)
  func `a nested run is an error that says what to do`(backend: String) throws {
    let result = try run("nested", backend)
    #expect(
      result.lines == [
        "EventLoop.run: a loop runs on this thread already; await the work here instead of running a second loop"
      ])
    #expect(result.status == 0)
  }

  @Test func `a run inside a task is an error that says what to do`() throws {
    let result = try run("called-from-task", "")
    #expect(
      result.lines == [
        "EventLoop.run: called inside a task; await the work here, or make main synchronous and call run there"
      ])
  }

  @Test func `a run off the main thread is an error that says what to do`() throws {
    let result = try run("off-main-thread", "")
    #expect(result.lines == ["EventLoop.run: the body runs on the main actor, so call it on the main thread"])
  }

  @Test(arguments: backends)
  func `can be called twice, each time with a new loop`(backend: String) throws {
    let result = try run("twice", backend)
    #expect(result.lines.first == "between")
    #expect(result.lines.count == 2)
    #expect(result.status == 0)
  }

  @Test(arguments: backends)
  func `Ctrl-C cancels the body and waits for its clean-up`(backend: String) throws {
    let child = try TestProgram(
      scenario: "interrupt", environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    #expect(child.readLine() == "ready")
    child.interrupt()
    let result = child.finish()
    #expect(result.lines == ["cleaned up", "interrupted"])
    #expect(result.status == 130)
  }

  @Test func `Ctrl-C ends a plain program by its signal, after clean-up and without a word`() throws {
    let child = try TestProgram(scenario: "interrupt-plain")
    #expect(child.readLine() == "ready")
    child.interrupt()
    let result = child.finish()
    #expect(result.lines == ["cleaned up"])
    #expect(result.errors == "")
    #expect(result.status == -SIGINT)
  }

  @Test(arguments: backends)
  func `a second Ctrl-C ends the process`(backend: String) throws {
    let child = try TestProgram(
      scenario: "interrupt-ignored", environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    #expect(child.readLine() == "ready")
    child.interrupt()
    #expect(child.readLine() == "ignored")
    child.interrupt()
    #expect(child.finish().status == 130)
  }

  @Test(arguments: backends)
  func `stop ends the run with an error, after cancelling the body`(backend: String) throws {
    let result = try run("stop", backend)
    #expect(result.lines == ["cancelled", "error: EventLoop.run: the loop was stopped before its body was done"])
  }

  @Test(arguments: backends)
  func `everything runs on one thread`(backend: String) throws {
    #expect(try run("one-thread", backend).lines == ["one thread"])
  }

  @Test(arguments: backends)
  func `libdispatch's main queue is served`(backend: String) throws {
    #expect(try run("dispatch", backend).lines == ["main queue"])
  }

  @Test(arguments: backends)
  func `what other threads resume goes on on the loop`(backend: String) throws {
    #expect(try run("foreign-threads", backend).lines == ["200 resumed on the loop, called"])
  }

  @Test(arguments: backends)
  func `several loops share a server's connections, and tasks stay on theirs`(backend: String) throws {
    #expect(try run("several-loops", backend).lines == ["3 loops, stayed"])
  }

  @Test(arguments: backends)
  func `a server without a descriptor for a connection reports it and serves it later`(backend: String) throws {
    let result = try run("descriptors", backend)
    #expect(result.lines.count == 3)
    #expect(
      Set(result.lines.prefix(2).map { $0.prefix { $0 != ":" } }) == [
        "client", "accepting connections pauses until one ends, for a second at most",
      ])
    #expect(result.lines.contains("client: EMFILE"))
    #expect(result.lines.contains { $0.hasSuffix("too many open files (EMFILE)") })
    #expect(result.lines.last == "welcome")
    #expect(result.status == 0)
  }

  @Test(arguments: backends)
  func `look-ups of names leave no descriptor behind, however they end`(backend: String) throws {
    let result = try run("name-descriptors", backend)
    #expect(result.lines == ["100 had no answer, 0 descriptors more"])
    #expect(result.status == 0)
  }

  @Test func `an error that nobody awaits is a line on standard error`() throws {
    let result = try run("unhandled", "")
    let ending =
      /asyncio: server at 127.0.0.1:\d+: the handler of the connection from 127.0.0.1:\d+ failed: ScenarioError\(\)\n/
    #expect(result.errors.wholeMatch(of: ending) != nil, "\(result.errors)")
    #expect(result.status == 0)
  }

  @Test func `a job of the main actor from before the run is done by it`() throws {
    #expect(try run("late-main-actor", "").lines == ["main actor"])
  }

  @Test func `an unknown backend is an error that names the choices`() throws {
    #expect(
      try run("returns", "kqueue").lines
        == ["error: AIO_BACKEND=kqueue: no such backend; it is io_uring or epoll"])
  }
}
