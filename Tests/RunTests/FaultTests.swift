// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("Faults of a whole process", .timeLimit(.minutes(1))) struct FaultTests {
  private func run(_ scenario: String, _ backend: String = "") throws -> [String] {
    try TestProgram(scenario: scenario, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend]).finish().lines
  }

  @Test(arguments: ["forbidden": "EPERM", "aborted": "ECONNABORTED"])
  func `an accept that always fails is reported, and pauses`(scenario: String, code: String) throws {
    let lines = try run("accept-\(scenario)")
    #expect(lines == ["accepting connections pauses until one ends, for a second at most: \(code)", "rests"])
  }

  @Test(arguments: ["forbidden": "EPERM", "without-buffers": "ENOBUFS"])
  func `a receive of datagrams that always fails is reported, and pauses`(scenario: String, code: String) throws {
    let lines = try run("receive-\(scenario)")
    #expect(lines == ["receiving datagrams fails, and pauses for a second at a time: \(code)", "rests"])
  }

  @Test(arguments: RunTests.backends, ["broken-pipes", "broken-pipes-on-an-older-kernel"])
  func `a broken pipe is an error and no signal, and a program that is started knows nothing of it`(
    backend: String, scenario: String
  ) throws {
    let lines = try run(scenario, backend)
    let untouched = "SigBlk 0, SigIgn 0, SigCgt 0"
    let errors = Array(repeating: "EPIPE", count: 2 + 2 * 3)
    #expect(lines == [untouched] + errors + [untouched, "a program started from here ends with 141"])
  }
}
