// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Testing

@testable import AsyncIOTesting

struct ForeignDelayTests {
  private static let samples: [(arrived: Int64, meant: Int64)] = [
    (3_599_999_987_654, 3_600_000_000_000), (999_990_123, 1_000_000_000), (1_233_990_000, 1_234_000_000),
    (100_075_650_000, 100_076_000_000), (1_499_993, 1_500_000), (499_990, 500_000), (249_950, 250_000), (0, 0),
    (-5000, -5000), (.max, .max),
  ]

  @Test(arguments: samples)
  func `is the roundest that it can have been where clocks move`(_ sample: (arrived: Int64, meant: Int64)) {
    #expect(ForeignDelay(isExact: false).meant(by: sample.arrived) == sample.meant)
    #expect(ForeignDelay(isExact: true).meant(by: sample.arrived) == sample.arrived)
  }

  @Test(.virtualTime) func `a sleep is exact to the nanosecond`() async throws {
    let start = EventLoop.current.time
    try await Task.sleep(for: .nanoseconds(12_345_678_901))
    #expect(start.duration(to: EventLoop.current.time) == .nanoseconds(12_345_678_901))
    try await Task.sleep(nanoseconds: 7)
    #expect(start.duration(to: EventLoop.current.time) == .nanoseconds(12_345_678_908))
  }
}
