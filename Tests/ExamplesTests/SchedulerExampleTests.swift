// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite("The example of a scheduler", .timeLimit(.minutes(1))) struct SchedulerExampleTests {
  @Test func `a weekend in which the clocks go forward takes no time`() throws {
    let program = try TestProgram.ours("scheduler", ["Europe/Berlin", "2"])
    var lines: [String] = []
    while let line = program.readLine() { lines.append(line) }
    // Two jobs at the same second run in any order.
    #expect(
      lines.sorted() == [
        "2026-03-28T23:00:00 CET crawl 1 begins", "2026-03-29T03:00:00 CEST backup 1",
        "2026-03-29T12:00:00 CEST stock counted", "2026-03-29T14:00:00 CEST crawl 1 ends",
        "2026-03-29T14:00:00 CEST crawl 2 begins", "2026-03-29T14:30:00 CEST crawl 2 ends",
        "2026-03-30T00:00:00 CEST crawl 3 begins", "2026-03-30T00:30:00 CEST crawl 3 ends",
        "2026-03-30T02:30:00 CEST backup 2", "2026-03-30T08:00:00 CEST report to the boss",
        "2026-03-30T12:00:00 CEST crawl 4 begins", "2026-03-30T12:30:00 CEST crawl 4 ends",
        "error: job \"stock\", due 2026-03-30T10:00:00Z failed: the warehouse didn't answer",
      ])
  }
}
