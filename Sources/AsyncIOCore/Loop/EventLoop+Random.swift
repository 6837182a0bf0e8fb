// SPDX-License-Identifier: Apache-2.0

/// Where a loop's random numbers come from: jitter, ports, names of temporary files. In a simulated run they follow
/// from its seed, so that the run can be repeated.
package enum LoopRandom: RandomNumberGenerator, Sendable {
  case system
  case seeded(SeededRandom)

  package mutating func next() -> UInt64 {
    switch self {
    case .system:
      var system = SystemRandomNumberGenerator()
      return system.next()
    case .seeded(var seeded):
      defer { self = .seeded(seeded) }
      return seeded.next()
    }
  }
}

extension EventLoop {
  /// Draws from the random numbers of the calling thread's loop, or from the system's where no loop runs.
  package static func withRandom<Value>(_ body: (inout LoopRandom) -> Value) -> Value {
    if let loop = onThisThread { return body(&loop.random) }
    var random = LoopRandom.system
    return body(&random)
  }
}
