// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

/// The two directions of a stream and its end, in every order of events.
@Suite struct StreamInterleavingTests {
  @Test(arguments: StreamCase.all) func `every order of events keeps what a stream promises`(_ one: StreamCase) throws {
    let runs = try explore { try StreamInterleaving.run(&$0, one.scenario, nil) }
    #expect(runs > 1)
  }

  /// The scenarios are tried in their order until one shows the mistake; those that take longest come last.
  @Test(arguments: StreamMistake.allCases) func `every fault that was met is found`(_ mistake: StreamMistake) {
    for one in StreamCase.all.filter({ !$0.isLong }).reversed() + StreamCase.all.filter(\.isLong) {
      do {
        try explore { try StreamInterleaving.run(&$0, one.scenario, mistake) }
      } catch is StreamFault {
        return
      } catch {
        Issue.record(error)
      }
    }
    Issue.record("no scenario shows \(mistake)")
  }
}
