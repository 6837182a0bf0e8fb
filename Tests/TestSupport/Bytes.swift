// SPDX-License-Identifier: Apache-2.0

import AsyncIO
public import Testing

/// Bytes that vary by position, so that a lost or doubled piece shows.
public func pattern(_ count: Int, seed: UInt64 = 0) -> [UInt8] {
  let words = (count + 7) / 8
  return [UInt8](unsafeUninitializedCapacity: words * 8) { bytes, initialized in
    bytes.withMemoryRebound(to: UInt64.self) { buffer in
      var state = seed &+ 0x9e37_79b9_7f4a_7c15
      for index in 0..<words {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        buffer[index] = state
      }
    }
    initialized = count
  }
}

/// Compares megabytes: `#expect` inspects its operands element by element for its report.
public func expectSame(_ received: [UInt8], _ sent: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
  let same = received == sent
  #expect(
    same, "\(received.count) of \(sent.count) bytes, the first difference at \(firstDifference(received, sent))",
    sourceLocation: sourceLocation)
}

private func firstDifference(_ left: [UInt8], _ right: [UInt8]) -> Int {
  if left == right { return left.count }
  return zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(left.count, right.count)
}

/// Runs turns of the loop until the condition holds; the test's time limit ends a condition that never holds.
public nonisolated(nonsending) func turns(until condition: () async throws -> Bool) async throws {
  while try await !condition() { try await sleep(.microseconds(50)) }
}
