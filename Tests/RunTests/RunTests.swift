// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@Suite("EventLoop.run", .timeLimit(.minutes(1))) struct RunTests {
  static let backends = ["epoll", ""]

  /// Runs a scenario on epoll, or on the best backend available.
  private func run(_ scenario: String, _ backend: String) throws -> (lines: [String], errors: String, status: Int32) {
    try ChildProcess(scenario: scenario, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend]).finish()
  }

  @Test("returns the body's result", arguments: backends)
  func returnsTheResult(backend: String) throws {
    let result = try run("returns", backend)
    #expect(result.lines == ["returned 42"])
    #expect(result.status == 0)
    #expect(result.errors == "")
  }

  @Test("throws the body's error", arguments: backends)
  func throwsTheError(backend: String) throws {
    let result = try run("throws", backend)
    #expect(result.lines == ["error: ScenarioError()"])
    #expect(result.status == 1)
  }

  @Test("runMain says why it failed in a line, after what was printed, and exits with 1", arguments: backends)
  func runMainSaysWhy(backend: String) throws {
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
    #expect(stopped.lines == ["cleaned up"] && stopped.errors == "" && stopped.status == SIGTERM)
    let good = try run("main-returns", backend)
    #expect(good.lines == ["in the body", "after it"] && good.errors == "" && good.status == 0)
  }

  @Test("cancels what is left and waits for its clean-up", arguments: backends)
  func cancelsWhatIsLeft(backend: String) throws {
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

  @Test("a nested run is an error that says what to do", arguments: backends)
  func aNestedRunIsAnError(backend: String) throws {
    let result = try run("nested", backend)
    #expect(
      result.lines == [
        "EventLoop.run: a loop runs on this thread already; await the work here instead of running a second loop"
      ])
    #expect(result.status == 0)
  }

  @Test("a run inside a task is an error that says what to do")
  func aRunInsideATaskIsAnError() throws {
    let result = try run("called-from-task", "")
    #expect(
      result.lines == [
        "EventLoop.run: called inside a task; await the work here, or make main synchronous and call run there"
      ])
  }

  @Test("a run off the main thread is an error that says what to do")
  func aRunOffTheMainThreadIsAnError() throws {
    let result = try run("off-main-thread", "")
    #expect(result.lines == ["EventLoop.run: the body runs on the main actor, so call it on the main thread"])
  }

  @Test("can be called twice, each time with a new loop", arguments: backends)
  func canBeCalledTwice(backend: String) throws {
    let result = try run("twice", backend)
    #expect(result.lines.first == "between")
    #expect(result.lines.count == 2)
    #expect(result.status == 0)
  }

  @Test("Ctrl-C cancels the body and waits for its clean-up", arguments: backends)
  func interruptCancelsTheBody(backend: String) throws {
    let child = try ChildProcess(
      scenario: "interrupt", environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    #expect(child.readLine() == "ready")
    child.interrupt()
    let result = child.finish()
    #expect(result.lines == ["cleaned up", "interrupted"])
    #expect(result.status == 130)
  }

  @Test("Ctrl-C ends a plain program by its signal, after clean-up and without a word")
  func interruptEndsAPlainProgram() throws {
    let child = try ChildProcess(scenario: "interrupt-plain")
    #expect(child.readLine() == "ready")
    child.interrupt()
    let result = child.finish()
    #expect(result.lines == ["cleaned up"])
    #expect(result.errors == "")
    #expect(result.status == SIGINT)
  }

  @Test("a second Ctrl-C ends the process", arguments: backends)
  func aSecondInterruptEndsTheProcess(backend: String) throws {
    let child = try ChildProcess(
      scenario: "interrupt-ignored", environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    #expect(child.readLine() == "ready")
    child.interrupt()
    #expect(child.readLine() == "ignored")
    child.interrupt()
    #expect(child.finish().status == 130)
  }

  @Test("stop ends the run with an error, after cancelling the body", arguments: backends)
  func stopEndsTheRun(backend: String) throws {
    let result = try run("stop", backend)
    #expect(result.lines == ["cancelled", "error: EventLoop.run: the loop was stopped before its body was done"])
  }

  @Test("everything runs on one thread", arguments: backends)
  func everythingRunsOnOneThread(backend: String) throws {
    #expect(try run("one-thread", backend).lines == ["one thread"])
  }

  @Test("libdispatch's main queue is served", arguments: backends)
  func theMainQueueIsServed(backend: String) throws {
    #expect(try run("dispatch", backend).lines == ["main queue"])
  }

  @Test("what other threads resume goes on on the loop", arguments: backends)
  func whatOtherThreadsResumeGoesOnOnTheLoop(backend: String) throws {
    #expect(try run("foreign-threads", backend).lines == ["200 resumed on the loop, called"])
  }

  @Test("several loops share a server's connections, and tasks stay on theirs", arguments: backends)
  func severalLoopsShareConnections(backend: String) throws {
    #expect(try run("several-loops", backend).lines == ["3 loops, stayed"])
  }

  @Test("a server without a descriptor for a connection reports it and serves it later", arguments: backends)
  func aServerWithoutADescriptorServesLater(backend: String) throws {
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

  @Test("look-ups of names leave no descriptor behind, however they end", arguments: backends)
  func lookUpsLeaveNoDescriptor(backend: String) throws {
    let result = try run("name-descriptors", backend)
    #expect(result.lines == ["100 had no answer, 0 descriptors more"])
    #expect(result.status == 0)
  }

  @Test("an error that nobody awaits is a line on standard error")
  func anErrorThatNobodyAwaitsIsALine() throws {
    let result = try run("unhandled", "")
    let ending =
      /asyncio: server at 127.0.0.1:\d+: the handler of the connection from 127.0.0.1:\d+ failed: ScenarioError\(\)\n/
    #expect(result.errors.wholeMatch(of: ending) != nil, "\(result.errors)")
    #expect(result.status == 0)
  }

  @Test("a job of the main actor from before the run is done by it")
  func aJobOfTheMainActorFromBeforeIsDone() throws {
    #expect(try run("late-main-actor", "").lines == ["main actor"])
  }

  @Test("an unknown backend is an error that names the choices")
  func anUnknownBackendIsAnError() throws {
    #expect(
      try run("returns", "kqueue").lines
        == ["error: AIO_BACKEND=kqueue: no such backend; it is io_uring or epoll"])
  }
}
