// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite("Tasks of a program", .timeLimit(.minutes(1))) struct TaskRunTests {
  private func run(_ scenario: String) throws -> TestProgram.Result {
    try TestProgram(scenario: scenario, environment: [:]).finish()
  }

  @Test func `the body is a task by the name of main`() throws {
    #expect(try run("main-task").lines == ["main", "main other"])
  }

  @Test func `what is left at the end is cancelled with a reason, and what is shielded comes to its end`() throws {
    let result = try run("loop-ended")
    #expect(result.lines == ["the loop ended", "cleaned up", "run returned"])
    #expect(result.errors == "")
  }

  @Test func `Ctrl-C is a reason`() throws {
    #expect(try run("interrupt-reason").lines == ["interrupted (SIGINT)", "interrupted"])
  }

  @Test func `the debug mode tells of the backend, slow jobs, look-ups, and what was not closed`() throws {
    let errors = try run("debug").errors.split(separator: "\n").map(String.init)
    for text in [
      "asyncio: backend ", "asyncio: the look-up of localhost took ", "asyncio: the event loop has been stuck for ",
      "was dropped without being closed", "asyncio: server at 127.0.0.1:",
    ] {
      #expect(errors.contains { $0.contains(text) }, "\(text): \(errors)")
    }
  }

  @Test func `the main actor is the main loop's where there are several, up to the end of all`() throws {
    let lines = try run("main-actor-of-several-loops").lines
    #expect(
      Set(lines) == [
        "cleans up for main loop: true", "cleaned up on main loop", "cleans up for next loop: true",
        "cleaned up on next loop", "run returned",
      ])
    #expect(lines.last == "run returned")
  }

  @Test func `a callback of the main loop has the main actor to itself`() throws {
    #expect(try run("callbacks-of-the-main-actor").lines == ["done callback", "callSoon", "callLater"])
  }

  @Test func `the clean-up of a task on another executor is waited for`() throws {
    let result = try run("clean-up-elsewhere")
    #expect(result.lines == ["cleaned up", "run returned in time"])
    #expect(result.errors == "")
  }

  @Test func `the shared loop doesn't take the main actor from later runs`() throws {
    let order = (1...3).flatMap { ["run \($0): a job", "run \($0): a callback"] }
    #expect(try run("shared-loop-between-runs").lines == order)
  }

  /// A protocol's next callback may come before the task continues.
  @Test func `an eager task of the main actor's runs within the callback that starts it`() throws {
    let callbacks = ["callSoon", "callLater", "addDoneCallback", "addReader", "connectionMade", "dataReceived"]
    let lines = try run("eager-in-callbacks").lines
    #expect(
      lines.filter { !$0.hasSuffix(" goes on") } == callbacks.flatMap { ["\($0): eager", "\($0): creator"] })
    #expect(lines.filter { $0.hasSuffix(" goes on") } == callbacks.map { "\($0): eager goes on" })
  }
}
