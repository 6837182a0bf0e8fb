// SPDX-License-Identifier: Apache-2.0

import Glibc

enum TestSeed {
  /// The value of AIO_TEST_SEED, or a random number short enough to type.
  static func draw() throws -> UInt64 {
    guard let value = getenv("AIO_TEST_SEED"), value.pointee != 0 else { return .random(in: 1..<1_000_000_000) }
    let text = String(cString: value)
    guard let seed = UInt64(text) else { throw TestSeedError(value: text) }
    return seed
  }

  static func replayLine(_ seed: UInt64) -> String { "virtual time: seed \(seed); replay with AIO_TEST_SEED=\(seed)" }
}

/// AIO_TEST_SEED is set, but is not a whole number from 0 to 2⁶⁴ - 1.
public struct TestSeedError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The value of AIO_TEST_SEED.
  public let value: String

  /// One line with the value.
  public var description: String { "AIO_TEST_SEED=\(value): a seed is a whole number" }
}
