// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

@Suite("What counts as progress") struct ProgressRuleTests {
  private func rule(_ seconds: Int, rate: Int? = nil) throws -> ProgressRule {
    try #require(ProgressRule(ServerLimits(timeWithoutProgress: .seconds(seconds), leastRate: rate)))
  }

  @Test func `there is no rule without a time`() {
    #expect(ProgressRule(ServerLimits()) == nil)
  }

  @Test func `a rate is measured over the time`() throws {
    #expect(try rule(60).least == 1)
    #expect(try rule(60, rate: 10).least == 600)
    let short = try #require(ProgressRule(ServerLimits(timeWithoutProgress: .milliseconds(500), leastRate: 10)))
    #expect(short.least == 5)
    let huge = try #require(ProgressRule(ServerLimits(timeWithoutProgress: .seconds(Int64.max), leastRate: .max)))
    #expect(huge.least > 0)
  }

  @Test func `the time is over when nothing has moved for so long since the first look`() throws {
    let rule = try rule(60)
    let mark = Watched(rule)
    // However long the pause between two looks was.
    #expect(!mark.isStuck(moved: 0, passed: 120))
    #expect(!mark.isStuck(moved: 0, passed: 30))
    #expect(!mark.isStuck(moved: 0, passed: 29))
    #expect(mark.isStuck(moved: 0, passed: 1))
  }

  @Test func `a byte begins it anew, and so does a handler that doesn't wait`() throws {
    let rule = try rule(60)
    let mark = Watched(rule)
    for step in 0..<10 {
      #expect(!mark.isStuck(moved: step, passed: 59))
    }
    #expect(!mark.isStuck(waits: false, moved: 9, passed: 600))
    #expect(!mark.isStuck(moved: 9, passed: 59))
    #expect(mark.isStuck(moved: 9, passed: 59))
  }

  @Test func `bytes below the rate add up, until the time is over`() throws {
    let rule = try rule(60, rate: 1)
    let mark = Watched(rule)
    _ = mark.isStuck(moved: 0, passed: 0)
    #expect(!mark.isStuck(moved: 30, passed: 30))
    #expect(!mark.isStuck(moved: 60, passed: 29))
    #expect(!mark.isStuck(moved: 90, passed: 30))
    #expect(mark.isStuck(moved: 119, passed: 30))
  }

  @Test func `what the peer has acknowledged is progress of a handler that waits to write`() throws {
    let rule = try rule(60, rate: 1)
    let mark = Watched(rule)
    _ = mark.isStuck(moved: 0, acknowledged: 1000, passed: 0)
    #expect(!mark.isStuck(moved: 0, acknowledged: 1060, passed: 60))
    #expect(mark.isStuck(moved: 0, acknowledged: 1100, passed: 60))
    // The unread output of a Unix socket.
    #expect(!mark.isStuck(moved: 0, acknowledged: 900, passed: 60))
  }

  @Test func `a server leaves an eighth of the descriptors alone`() {
    #expect(ServerPlan.connectionLimit(ofDescriptors: 1024) == 896)
    #expect(ServerPlan.connectionLimit(ofDescriptors: 1) == 1)
    #expect(ServerPlan.connectionLimit(ofDescriptors: .max) > 1 << 60)
  }
}

private final class Watched {
  private var mark = ProgressMark()
  private let rule: ProgressRule

  init(_ rule: ProgressRule) { self.rule = rule }

  func isStuck(waits: Bool = true, moved: Int, acknowledged: Int? = nil, passed seconds: Int64) -> Bool {
    mark.isStuck(
      waits: waits, moved: moved, acknowledged: acknowledged, passed: seconds * 1_000_000_000, rule: rule)
  }
}
