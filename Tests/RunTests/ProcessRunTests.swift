// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite("Children of a whole process", .timeLimit(.minutes(1))) struct ProcessRunTests {
  private func run(_ scenario: String, _ backend: String) throws -> TestProgram.Result {
    try TestProgram(scenario: scenario, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend]).finish()
  }

  @Test(arguments: RunTests.backends)
  func `without a descriptor a spawn fails as a whole, and leaves none open`(backend: String) throws {
    let result = try run("spawn-without-descriptors", backend)
    #expect(result.lines == ["EMFILE … runs", "[\"EMFILE\", \"runs\"]"])
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `a process that ignores SIGCHLD learns of the end of its children, without a status`(backend: String) throws {
    let result = try run("children-are-ignored", backend)
    #expect(result.lines == ["said, ended, and its status was lost", "255"])
  }

  @Test(arguments: RunTests.backends)
  func `of hundreds of children no descriptor and no zombie is left`(backend: String) throws {
    let result = try run("many-children", backend)
    #expect(result.lines == ["0 more descriptors", "-1 no child is left"])
  }

  @Test(arguments: RunTests.backends)
  func `a broken pipe is an error here, and ends a child by SIGPIPE`(backend: String) throws {
    let result = try run("broken-pipe", backend)
    #expect(result.lines == ["EPIPE", "ended by SIGPIPE"])
    #expect(result.status == 0)
  }
}
