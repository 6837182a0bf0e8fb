// SPDX-License-Identifier: Apache-2.0
// AsyncIO beside asyncio: each scenario is written once in Python and once in Swift, and the two logs must be equal,
// line by line. Where we differ on purpose, the Swift side gives the reason and the expected log, which must then be
// its log.

import Testing

@Suite("AsyncIO beside asyncio", .timeLimit(.minutes(2))) struct DifferentialTests {
  @Test(arguments: try Runs.made().comparisons)
  func `the same happens, or what the scenario says instead`(in scenario: Comparison) throws {
    let python = try #require(scenario.python, "the scenario has no Python side")
    let swift = try #require(scenario.swift, "the scenario has no Swift side")
    let logs = "\n\(scenario.sideBySide)"
    if swift.difference != nil {
      #expect(swift.log == swift.expected, "the log is not the one that the difference is explained by:\(logs)")
    }
    if let reason = python.skipped { try Test.cancel("\(reason), and this is \(try Runs.made().pythonVersion)") }
    if let reason = swift.difference {
      #expect(swift.log != python.log, "it is said to differ, and doesn't: \(reason)")
    } else {
      #expect(swift.log == python.log, "\(logs)")
    }
  }

  @Test func `both programs run to their ends, without a word on standard error`() throws {
    #expect(try Runs.made().complaints == [])
  }

  @Test func `most scenarios run on this Python`() throws {
    let runs = try Runs.made()
    let skipped = runs.comparisons.filter { $0.python?.skipped != nil }
    print(
      "\(runs.comparisons.count) scenarios in Swift and on Python \(runs.pythonVersion),",
      "\(skipped.count) of them skipped by Python: \(skipped.map(\.name))")
    #expect(runs.comparisons.count >= 250)
    #expect(skipped.count <= runs.comparisons.count / 4)
  }
}
