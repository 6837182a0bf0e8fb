// SPDX-License-Identifier: Apache-2.0
// The decisions of a schedule, as values, without a loop.

import AsyncIO
import Testing

@testable import AsyncIO

@Suite("What is due, and what was missed") struct DueTimesTests {
  private func second(_ second: Int) -> WallTime { WallTime(secondsSince1970: second) }

  /// Due at 10, 20, 30 …, up to 100,000.
  private func tens(_ policy: MissedRuns) -> DueTimes<WallTime> {
    DueTimes(first: second(10), policy: policy) { time in
      let next = time.secondsSince1970 / 10 * 10 + 10
      return next <= 100_000 ? WallTime(secondsSince1970: next) : nil
    } previous: { time in
      let whole = time.nanosecond > 0 ? time.secondsSince1970 : time.secondsSince1970 - 1
      return whole < 10 ? nil : WallTime(secondsSince1970: min(whole / 10 * 10, 100_000))
    }
  }

  @Test(arguments: [MissedRuns.once, .skip(), .all(limit: 3)])
  func `in time, all policies are alike`(policy: MissedRuns) {
    var times = tens(policy)
    #expect(times.step(now: second(9)) == .wait(until: second(10)))
    #expect(times.step(now: second(10)) == .run(due: second(10), missed: 0))
    #expect(times.step(now: second(10)) == .wait(until: second(20)))
    #expect(times.step(now: second(20) + .milliseconds(900)) == .run(due: second(20), missed: 0))
    #expect(times.step(now: second(29)) == .wait(until: second(30)))
  }

  @Test func `one run makes up for all`() {
    var times = tens(.once)
    #expect(times.step(now: second(47)) == .run(due: second(40), missed: 3))
    #expect(times.step(now: second(47)) == .wait(until: second(50)))
  }

  @Test func `a run that is late beyond the grace is left out, and told with the next`() {
    var times = tens(.skip(grace: .seconds(3)))
    #expect(times.step(now: second(13)) == .run(due: second(10), missed: 0))
    #expect(times.step(now: second(24)) == .wait(until: second(30)))
    #expect(times.step(now: second(44)) == .wait(until: second(50)))
    #expect(times.step(now: second(62)) == .run(due: second(60), missed: 4))
  }

  @Test func `the latest are made up for, up to the limit`() {
    var times = tens(.all(limit: 2))
    #expect(times.step(now: second(50)) == .run(due: second(40), missed: 3))
    #expect(times.step(now: second(50)) == .run(due: second(50), missed: 0))
    #expect(times.step(now: second(50)) == .wait(until: second(60)))
  }

  @Test(arguments: [MissedRuns.once, .all(limit: 1)])
  func `of thousands that were missed the last counts`(policy: MissedRuns) {
    var times = tens(policy)
    #expect(times.step(now: second(90_005)) == .run(due: second(90_000), missed: 999))
    #expect(times.step(now: second(90_005)) == .wait(until: second(90_010)))
  }

  @Test func `it ends with its last time`() {
    var times = tens(.once)
    #expect(times.step(now: second(200_000)) == .run(due: second(100_000), missed: 999))
    #expect(times.step(now: second(200_000)) == .end)
    var late = tens(.skip(grace: .zero))
    #expect(late.step(now: second(200_000)) == .end)
  }
}

@Suite("Runs that overlap") struct OverlapStateTests {
  /// What happens to the runs 1, 2, 3 … that are due, and to ends of runs, written as 0.
  private func decisions(_ policy: OverlapPolicy, _ events: [Int]) -> [String] {
    var state = OverlapState<Int>(policy)
    return events.map { event in
      guard event > 0 else { return state.ended().map { "starts \($0)" } ?? "idle" }
      switch state.due(event) {
      case .start: return "start"
      case .waits: return "waits"
      case .leftOut: return "left out"
      case .lineIsFull(let isNew): return isNew ? "full" : "still full"
      case .cancelRunning(let count): return "cancels, replaces \(count)"
      }
    }
  }

  @Test func `a run is left out while another goes on`() {
    #expect(decisions(.skip, [1, 2, 0, 3, 0]) == ["start", "left out", "idle", "start", "idle"])
  }

  @Test func `runs wait in a line with a limit`() {
    #expect(
      decisions(.queue(limit: 2), [1, 2, 3, 4, 5, 0, 6, 0, 0, 0]) == [
        "start", "waits", "waits", "full", "still full", "starts 2", "waits", "starts 3", "starts 6", "idle",
      ])
    #expect(decisions(.queue(limit: 0), [1, 2, 0, 3]) == ["start", "full", "idle", "start"])
  }

  @Test func `as many runs as the limit go on at a time`() {
    #expect(
      decisions(.allow(limit: 2), [1, 2, 3, 0, 4, 0, 0]) == [
        "start", "start", "left out", "idle", "start", "idle", "idle",
      ])
  }

  @Test func `a run replaces the one that goes on`() {
    #expect(
      decisions(.cancelPrevious, [1, 2, 3, 0, 0, 4]) == [
        "start", "cancels, replaces 0", "cancels, replaces 1", "starts 3", "idle", "start",
      ])
  }
}

@Suite("Times of the wall clock") struct WallTimeTests {
  @Test(arguments: [
    "1970-01-01T00:00:00Z", "2026-03-29T01:00:00Z", "1969-12-31T23:59:59.5Z", "2000-02-29T12:34:56.000000001Z",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
  ]) func `text and times are each other's`(_ text: String) throws {
    #expect(WallTime(text)?.description == text)
  }

  @Test(arguments: [
    "", "Z", "2026-03-29", "2026-03-29T01:00:00", "2026-03-29 01:00:00Z", "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-03-29T24:00:00Z", "2026-03-29T01:00:60Z", "2026-03-29T01:00:00.Z", "2026-03-29T01:00:00.1234567890Z",
    "2026-03-29T01:00:00+01:00", "+026-03-29T01:00:00Z", "2026-03-29T01:00:00xZ",
  ]) func `other text is nil`(text: String) { #expect(WallTime(text) == nil) }

  @Test func `arithmetic is exact, and stops at the ends`() throws {
    let start = try #require(WallTime("2026-03-29T01:00:00.9Z"))
    #expect((start + .milliseconds(200)).description == "2026-03-29T01:00:01.1Z")
    #expect((start - .milliseconds(1100)).description == "2026-03-29T00:59:59.8Z")
    #expect(start.duration(to: start - .seconds(3600)) == .seconds(-3600))
    #expect(WallTime(secondsSince1970: 5, nanosecond: -1) == WallTime(secondsSince1970: 4, nanosecond: 999_999_999))
    #expect(start + .seconds(Int64.max) > start && start - .seconds(Int64.max) < start)
    #expect(WallTime(secondsSince1970: .max) + .seconds(1) == WallTime(secondsSince1970: .max))
    #expect(WallTime(secondsSince1970: .min).duration(to: WallTime(secondsSince1970: .max)) > .seconds(Int64.max))
  }
}
