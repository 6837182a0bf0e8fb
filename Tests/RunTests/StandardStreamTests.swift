// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("Standard streams", .timeLimit(.minutes(1))) struct StandardStreamTests {
  /// Runs a line of the shell in which `$0` is the program with the scenarios.
  private func shell(_ line: String, _ backend: String) throws -> TestProgram.Result {
    try TestProgram(
      "/bin/bash", ["-c", "set -o pipefail; \(line)", TestProgram.scenarios],
      environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend], errors: .collected
    ).finish()
  }

  @Test(arguments: RunTests.backends)
  func `a pipe comes in and another goes out`(backend: String) throws {
    let result = try shell("printf 'one\\ntwo\\nthree' | $0 standard-streams | cat", backend)
    #expect(result.output == "1: one\n2: two\n3: three\n")
    #expect(result.errors == "3 lines, 11 bytes\n")
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `those that are closed are /dev/null, and no descriptors of the loop's`(backend: String) throws {
    let input = try shell("$0 standard-streams <&-", backend)
    #expect(input.errors == "0 lines, 0 bytes\n")
    #expect(input.output == "" && input.status == 0)
    let both = try shell("$0 standard-streams <&- >&-", backend)
    #expect(both.errors == "0 lines, 0 bytes\n" && both.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `a file comes in and another goes out`(backend: String) throws {
    let result = try shell(
      "file=$(mktemp); seq 20000 > $file; $0 standard-streams < $file > $file.out; tail -1 $file.out; rm $file $file.out",
      backend)
    #expect(result.output == "20000: 20000\n")
    #expect(result.errors == "20000 lines, 88894 bytes\n")
  }

  @Test(arguments: RunTests.backends)
  func `megabytes go through`(backend: String) throws {
    let result = try shell(
      "seq 300000 | $0 standard-streams | md5sum; seq 300000 | awk '{print NR \": \" $0}' | md5sum", backend)
    let sums = result.output.split(separator: "\n")
    #expect(sums.count == 2 && sums.first == sums.last)
  }

  @Test(arguments: RunTests.backends)
  func `nothing comes from /dev/null`(backend: String) throws {
    let result = try shell("$0 standard-streams < /dev/null > /dev/null", backend)
    #expect(result.errors == "0 lines, 0 bytes\n")
    #expect(result.status == 0)
  }

  @Test(arguments: RunTests.backends)
  func `a reader that has gone is an error, not the end of the process`(backend: String) throws {
    let result = try shell(
      "set +o pipefail; yes 2>/dev/null | head -c 50000000 2>/dev/null | ($0 standard-streams; echo status $? >&2) | head -1",
      backend)
    #expect(result.output == "1: y\n")
    #expect(result.errors == "status 1\n")
  }

  @Test(arguments: RunTests.backends)
  func `the terminal's flags stay as they were`(backend: String) throws {
    // script(1) gives the program a terminal; the file status flags of its description are in /proc.
    let line = "script -qec \"bash -c 'echo hello | $0 standard-streams; grep flags /proc/self/fdinfo/1'\" /dev/null"
    let result = try shell(line, backend)
    #expect(result.output.contains("1: hello"))
    let flags = result.output.split(whereSeparator: \.isNewline).first { $0.hasPrefix("flags:") }.flatMap {
      Int($0.dropFirst(6).trimmingCharacters(in: .whitespaces), radix: 8)
    }
    #expect(flags.map { $0 & Int(O_NONBLOCK) } == 0)
  }

  @Test(arguments: RunTests.backends)
  func `what was written last leaves before the run ends`(backend: String) throws {
    #expect(try shell("$0 last-words | cat", backend).output == "last words\n")
  }
}
