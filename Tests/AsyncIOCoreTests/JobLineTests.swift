// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOCore

@Suite struct JobLineTests {
  @Test func `jobs are taken in the order of their arrival`() {
    var line = JobLine()
    let jobs = (0..<10).map { _ in PlainJob {} }
    for job in jobs { line.append(job) }
    #expect(line.count == 10)
    for job in jobs {
      #expect(line.first === job)
      #expect(line.takeFirst() === job)
      #expect(job.stage == .running)
    }
    #expect(line.takeFirst() == nil)
  }

  @Test func `withdrawn jobs are passed over, and take no room`() {
    var line = JobLine()
    var expected: [PlainJob] = []
    var state: UInt64 = 1
    for _ in 0..<10_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      switch state >> 62 {
      case 0, 1:
        let job = PlainJob {}
        line.append(job)
        expected.append(job)
      case 2:
        guard !expected.isEmpty else { continue }
        line.withdraw(expected.remove(at: Int(state >> 32) % expected.count))
      default:
        let job = line.takeFirst()
        #expect(job === expected.first)
        if !expected.isEmpty { expected.removeFirst() }
      }
      #expect(line.count == expected.count)
    }
    let rest = line.takeAll()
    #expect(rest.count == expected.count)
    #expect(zip(rest, expected).allSatisfy { $0 === $1 })
  }
}
