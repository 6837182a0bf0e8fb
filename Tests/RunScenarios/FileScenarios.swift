// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

extension RunScenarios {
  static var fileScenarios: [String: () throws -> Void] { ["write-atomically": writeAtomically] }

  /// Replaces a file again and again, by content that is of one byte each time, until somebody kills the process.
  private static func writeAtomically() throws {
    guard let path = getenv("AIO_TEST_PATH").map({ Path(String(cString: $0)) }) else { return say("no path") }
    let durable = getenv("AIO_TEST_DURABLE") != nil
    try EventLoop.run {
      for round in 0..<1_000_000 {
        try await path.writeAtomically([UInt8](repeating: UInt8(round % 251), count: 100_000), durable: durable)
        say("written")
      }
    }
  }
}
