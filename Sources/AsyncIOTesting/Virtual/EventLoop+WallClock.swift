// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension EventLoop {
  /// Sets the wall clock of a loop with virtual time, as an administrator or NTP sets a machine's.
  ///
  /// ```swift
  /// @Test(.virtualTime) func runsAtNightInSummerTime() async throws {
  ///   EventLoop.current.setWallTime(WallTime("2026-06-01T00:00:00Z")!)
  ///   try await sleep(until: WallTime("2026-06-01T01:30:00Z")!)
  ///   #expect(WallTime.now == WallTime("2026-06-01T01:30:00Z"))
  /// }
  /// ```
  ///
  /// From now on Foundation's `Date` and `WallTime.now` read this time, and it goes on from there. `EventLoop.time`,
  /// `sleep` and time limits don't notice. Code that waits for a time of the wall clock does: `sleep(until:)` and cron
  /// schedules.
  ///
  /// On the loop's thread only. Traps on a loop with real time, and for a time outside of the years 2000 to 2199.
  public func setWallTime(_ time: WallTime, file: StaticString = #fileID, line: UInt = #line) {
    let place = CodePlace(file: file, line: line)
    guard let backend = backend as? VirtualBackend else {
      return place.require(false, "setWallTime: this loop has real time; only virtual time has a clock to set")
    }
    place.require(isCurrent, "setWallTime: called off the loop's thread")
    let years = WallTime(secondsSince1970: 946_684_800)..<WallTime(secondsSince1970: 7_258_118_400)
    place.require(years.contains(time), "setWallTime: \(time) is not in the years 2000 to 2199")
    backend.setWallTime(time)
    wallClockWasSet()
  }
}
