// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Faults of a whole process", .timeLimit(.minutes(1))) struct FaultTests {
  private func run(_ scenario: String, _ backend: String = "") throws -> [String] {
    try ChildProcess(scenario: scenario, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend]).finish().lines
  }

  @Test(
    "an accept that always fails is reported, and pauses", arguments: ["forbidden": "EPERM", "aborted": "ECONNABORTED"])
  func anAcceptThatAlwaysFails(scenario: String, code: String) throws {
    let lines = try run("accept-\(scenario)")
    #expect(lines == ["accepting connections pauses until one ends, for a second at most: \(code)", "rests"])
  }

  @Test(
    "a receive of datagrams that always fails is reported, and pauses",
    arguments: ["forbidden": "EPERM", "without-buffers": "ENOBUFS"])
  func aReceiveThatAlwaysFails(scenario: String, code: String) throws {
    let lines = try run("receive-\(scenario)")
    #expect(lines == ["receiving datagrams fails, and pauses for a second at a time: \(code)", "rests"])
  }

  @Test(
    "a broken pipe is an error and no signal, and a program that is started knows nothing of it",
    arguments: RunTests.backends, ["broken-pipes", "broken-pipes-on-an-older-kernel"])
  func aBrokenPipeIsNoSignal(backend: String, scenario: String) throws {
    let lines = try run(scenario, backend)
    let untouched = "SigBlk 0, SigIgn 0, SigCgt 0"
    let errors = Array(repeating: "EPIPE", count: 2 + 2 * 3)
    #expect(lines == [untouched] + errors + [untouched, "a program started from here ends with 141"])
  }
}
