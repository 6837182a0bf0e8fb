// SPDX-License-Identifier: Apache-2.0
// Happy Eyeballs, RFC 8305, §4 and §5. The address families take turns. A new attempt begins when the last one has
// failed or a quarter of a second has passed, and the first success wins. It is a value: it says what to do next, and
// the caller tells it the outcome.

import AsyncIOCore

struct ConnectionRace {
  /// The Connection Attempt Delay that RFC 8305 recommends.
  static let attemptDelay: Int64 = 250_000_000

  enum Step: Equatable {
    /// Begin to connect to this address.
    case attempt(SocketAddress)
    /// Wait for an attempt to end, until this time at the latest; `.max` if no address is left to try.
    case wait(until: Int64)
    /// Every attempt has failed.
    case giveUp
  }

  private var addresses: ArraySlice<SocketAddress>
  private let delay: Int64
  private var inFlight = 0
  private var nextAttempt = Int64.min

  init(_ addresses: [SocketAddress], delay: Int64 = Self.attemptDelay) {
    self.addresses = Self.interleaved(addresses)[...]
    self.delay = delay
  }

  mutating func next(now: Int64) -> Step {
    guard let address = addresses.first else { return inFlight == 0 ? .giveUp : .wait(until: .max) }
    guard inFlight == 0 || now >= nextAttempt else { return .wait(until: nextAttempt) }
    addresses.removeFirst()
    inFlight += 1
    let (sum, overflow) = now.addingReportingOverflow(delay)
    nextAttempt = overflow ? .max : sum
    return .attempt(address)
  }

  /// Notes that an attempt has failed: the next one need not wait.
  mutating func failed() {
    inFlight -= 1
    nextAttempt = .min
  }

  /// The addresses alternating between their families, beginning with the family of the first; otherwise in their
  /// order.
  static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let family = addresses.first?.family else { return [] }
    var first = addresses.filter { $0.family == family }[...]
    var second = addresses.filter { $0.family != family }[...]
    var result: [SocketAddress] = []
    while !first.isEmpty || !second.isEmpty {
      if let address = first.popFirst() { result.append(address) }
      if let address = second.popFirst() { result.append(address) }
    }
    return result
  }
}
