// SPDX-License-Identifier: Apache-2.0
// periodic_tick.py, line by line: a tick every 100 ms, and how late it was. The times are counted from the first tick,
// so that delays don't add up.

import AsyncIO

func periodicTick() async throws {
  var due = ContinuousClock.now
  for number in 1...5 {
    due += .milliseconds(100)
    try await sleep(due - .now)
    print("tick \(number): late by \(ContinuousClock.now - due)")
  }
}
