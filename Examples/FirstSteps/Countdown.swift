// SPDX-License-Identifier: Apache-2.0
// countdown.py, line by line: a sequence that yields a number, waits, and yields the next one.
// Tests/CountdownTests.swift tests it without real waits.

import AsyncIO

func count(downFrom start: Int) -> some AsyncSequence<Int, any Error> {
  AsyncThrowingStream { numbers in
    createTask {
      for number in (1...start).reversed() {
        numbers.yield(number)
        try await sleep(.milliseconds(200))
      }
      numbers.finish()
    }
  }
}

func countdown() async throws {
  for try await number in count(downFrom: 3) { print(number) }
  print("lift-off")
}
