// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOCore

@Suite struct StallDetectorTests {
  /// The reports of looks at an interval of 25 for a limit of 100.
  private func reports(_ readings: [(beat: UInt, isBusy: Bool)], every step: Int64 = 25) -> [Int64?] {
    var detector = StallDetector(limit: 100)
    return readings.enumerated().map { index, reading in
      detector.look(beat: reading.beat, isBusy: reading.isBusy, at: Int64(index) * step)
    }
  }

  @Test func `a stuck job is reported at the limit, and again each time that has doubled`() {
    let all = reports(Array(repeating: (2, true), count: 40))
    let at = all.indices.filter { all[$0] != nil }
    #expect(at == [4, 8, 16, 32])
    #expect(at.map { all[$0] } == [100, 200, 400, 800])
  }

  @Test func `a loop that sleeps is never reported`() {
    #expect(reports(Array(repeating: (3, false), count: 1000)).allSatisfy { $0 == nil })
  }

  @Test func `a loop with many short jobs is never reported`() {
    #expect(reports((0..<1000).map { (UInt($0) * 2, true) }).allSatisfy { $0 == nil })
    // Four looks at each job: 75 of 100.
    #expect(reports((0..<1000).map { (UInt($0 / 4) * 2, true) }).allSatisfy { $0 == nil })
  }

  @Test func `each stuck job has reports of its own`() {
    let all = reports((0..<15).map { (UInt($0 / 5) * 2, true) })
    #expect(all.indices.filter { all[$0] != nil } == [4, 9, 14])
  }

  @Test func `a sleep in between ends a job`() {
    let busy: [(beat: UInt, isBusy: Bool)] = Array(repeating: (2, true), count: 4)
    #expect(reports(busy + [(3, false)] + busy).allSatisfy { $0 == nil })
  }

  @Test func `a look that comes late counts for no more than two intervals`() {
    let all = reports([(2, true), (2, true), (2, true)], every: 1_000_000)
    #expect(all == [nil, nil, 100])
  }

  @Test func `the longest limit is never reached`() {
    var detector = StallDetector(limit: .max)
    for look in 0..<100 { #expect(detector.look(beat: 2, isBusy: true, at: Int64(look)) == nil) }
  }
}
