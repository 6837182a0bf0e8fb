// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOTesting

struct ForeignDelayTests {
  @Test(arguments: [
    // what arrived, time off the processor, what was meant; nanoseconds
    (3_599_999_987_654, 0, 3_600_000_000_000),
    (999_990_123, 0, 1_000_000_000),
    (1_499_993, 0, 1_500_000),
    (499_990, 0, 500_000),
    (249_950, 0, 250_000),
    (1_233_990_000, 0, 1_234_000_000),
    // The thread lost its processor for 4 ms on the way.
    (995_990_123, 4_009_000, 1_000_000_000),
    (118_995_000, 4_000_000, 120_000_000),
    // It was away, but before the delay was computed.
    (9_999_980, 15_000_000, 10_000_000),
    (0, 0, 0),
    (-5000, 0, -5000),
  ] as [(Int64, Int64, Int64)])
  func isTheRoundestThatItCanHaveBeen(_ sample: (arrived: Int64, away: Int64, meant: Int64)) {
    let slack = ForeignDelay.slack(of: sample.arrived, away: sample.away)
    #expect(ForeignDelay.roundest(from: sample.arrived, within: slack) == sample.meant)
  }

  @Test func theLongestDelayStays() {
    #expect(ForeignDelay.roundest(from: .max, within: 100_000) == .max)
  }
}
