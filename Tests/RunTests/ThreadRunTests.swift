// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("A process without a thread to be had", .timeLimit(.minutes(1))) struct ThreadRunTests {
  private func run(_ scenario: String, _ backend: String) throws -> (lines: [String], errors: String, status: Int32) {
    try ChildProcess(scenario: scenario, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend]).finish()
  }

  private func refusal(_ name: String) -> String {
    "pthread_create \(name): resource temporarily unavailable (EAGAIN)"
  }

  @Test("gets an error from what needs one, and goes on", arguments: RunTests.backends)
  func callsFail(backend: String) throws {
    let result = try run("no-thread", backend)
    let blocking = refusal("asyncio-blocking")
    let watch = refusal("asyncio-watch")
    #expect(
      result.lines
        == [blocking, blocking, "watchStalls: the loop is not watched: \(watch)", watch, "still here", "sent"])
    #expect(result.status == 0 && result.errors == "")
  }

  @Test("can't run several loops, and can later", arguments: RunTests.backends)
  func loopsFail(backend: String) throws {
    let result = try run("no-thread-for-loops", backend)
    #expect(result.lines == [refusal("asyncio-loop-1"), "ran"])
    #expect(result.status == 0 && result.errors == "")
  }

  @Test("has no shared loop, until it has a thread", arguments: RunTests.backends)
  func theSharedLoopFails(backend: String) throws {
    let result = try run("no-thread-for-the-shared-loop", backend)
    let refusal = refusal("asyncio-loop")
    #expect(result.lines == [refusal, refusal, refusal, "slept"])
    #expect(result.status == 0 && result.errors == "")
  }
}
