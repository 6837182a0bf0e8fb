// SPDX-License-Identifier: Apache-2.0
// countdown_test.py, line by line: a test of a sequence that yields and waits. In virtual time it takes no time.

import AsyncIO
import AsyncIOTesting
import Testing

@testable import first_steps

@Test(.virtualTime) func itCountsDownToOne() async throws {
  var numbers: [Int] = []
  for try await number in count(downFrom: 3) { numbers.append(number) }
  #expect(numbers == [3, 2, 1])
}
