// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("A process without a thread to be had", .timeLimit(.minutes(1))) struct ThreadRunTests {
  private func run(_ scenario: String, _ backend: String) throws -> TestProgram.Result {
    try TestProgram(scenario: scenario, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend]).finish()
  }

  private func refusal(_ name: String) -> String {
    "pthread_create \(name): resource temporarily unavailable (EAGAIN)"
  }

  @Test(arguments: RunTests.backends)
  func `gets an error from what needs one, and goes on`(backend: String) throws {
    let result = try run("no-thread", backend)
    let blocking = refusal("asyncio-blocking")
    let watch = refusal("asyncio-watch")
    #expect(
      result.lines
        == [blocking, blocking, "watchStalls: the loop is not watched: \(watch)", watch, "still here", "sent"])
    #expect(result.status == 0 && result.errors == "")
  }

  @Test(arguments: RunTests.backends)
  func `can't run several loops, and can later`(backend: String) throws {
    let result = try run("no-thread-for-loops", backend)
    #expect(result.lines == [refusal("asyncio-loop-1"), "ran"])
    #expect(result.status == 0 && result.errors == "")
  }

  @Test(arguments: RunTests.backends)
  func `has no shared loop, until it has a thread`(backend: String) throws {
    let result = try run("no-thread-for-the-shared-loop", backend)
    let refusal = refusal("asyncio-loop")
    #expect(result.lines == [refusal, refusal, refusal, "slept"])
    #expect(result.status == 0 && result.errors == "")
  }

  @Test(arguments: RunTests.backends)
  func `gets an error from functions for threads`(backend: String) throws {
    let result = try run("no-thread-for-functions", backend)
    #expect(result.lines == [refusal("asyncio-thread"), refusal("pool"), "42", "42"])
    #expect(result.status == 0 && result.errors == "")
  }

  @Test(arguments: RunTests.backends)
  func `takes its workers with it when it is killed`(backend: String) throws {
    let program = try TestProgram(
      scenario: "orphan-worker", environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    #expect(program.readLine() == "computes")
    program.send(SIGKILL)
    // The output ends when nobody holds it: the worker has it too.
    #expect(program.finish().lines == [])
  }

  @Test(arguments: RunTests.backends)
  func `has workers that never come to main`(backend: String) throws {
    let result = try run("worker-of-main", backend)
    #expect(result.lines == ["main", "[0, 2, 4]"])
    #expect(result.status == 0 && result.errors == "")
  }

  @Test(arguments: RunTests.backends)
  func `a stall is reported with the task that it is in`(backend: String) throws {
    let result = try run("stalls", backend)
    let expected = [
      "main body": "main", "createTask": "by name", "createTask without a name": "Task-3", "eager": "eager",
      "after an eager one": "main", "time limit": "limited", "scope": "in scope", "Task": "of Swift",
      "immediate": "immediate", "Task without a name": "no name", "actor": "caller", "detached": "detached",
      "handler": "connection from 127.0.0.1:", "callback": "no name",
    ]
    let lines = result.lines
    try #require(lines.count == 2 * expected.count, "\(lines)")
    for index in stride(from: 0, to: lines.count, by: 2) {
      let name = try #require(expected[String(lines[index].dropLast())], "\(lines[index])")
      #expect(lines[index + 1].hasPrefix(name) && lines[index + 1].hasSuffix(", short"), "\(lines[index...])")
    }
    #expect(result.status == 0)
  }
}
