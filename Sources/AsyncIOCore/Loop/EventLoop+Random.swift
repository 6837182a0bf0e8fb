// SPDX-License-Identifier: Apache-2.0

/// The source of a loop's random numbers: jitter, ports, names of temporary files. In a simulated run they follow from
/// its seed, so that the run can be repeated.
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
  /// Draws from the random numbers of the calling thread's loop, or from the system's if it has no loop.
  package static func withRandom<Value>(_ body: (inout LoopRandom) -> Value) -> Value {
    if let loop = onThisThread { return body(&loop.random) }
    var random = LoopRandom.system
    return body(&random)
  }
}

/// Random numbers determined by a seed, for reproducible orders and faults: SplitMix64 (Steele, Lea, Flood: Fast
/// Splittable Pseudorandom Number Generators, 2014). Not for secrets.
package struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
