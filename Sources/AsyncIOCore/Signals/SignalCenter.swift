// SPDX-License-Identifier: Apache-2.0
// Where signals come from, and who gets them.
//
// The process has one center. A handler, in C, counts the signal and wakes the loops that have a watch. The first loop
// to end a turn hands the signals on. When the last watch for a signal ends, the signal is given back to its earlier
// handler. A simulated system has a center of its own, which the kernel knows nothing of: tests that run at the same
// time don't get each other's signals.
//
// A signal goes to everybody who waits for it. Only if nobody does, it ends the run. So a server that ends by a signal
// ends within a run that would end by that signal too, and the run goes on.

import CLinux
import Synchronization

package final class SignalCenter: Sendable {
  /// The signals of this process.
  package static let process = SignalCenter(isOfProcess: true)

  private let isOfProcess: Bool
  private let watches = Mutex<[SignalWatch]>([])

  private init(isOfProcess: Bool) { self.isOfProcess = isOfProcess }

  /// A center whose signals are simulated.
  package convenience init() { self.init(isOfProcess: false) }

  // MARK: - Who waits

  func add(_ watch: SignalWatch) {
    change { watches in watches.append(watch) }
  }

  func remove(_ watch: SignalWatch) {
    change { watches in watches.removeAll { $0 === watch } }
  }

  private func change(_ body: (inout [SignalWatch]) -> Void) {
    watches.withLock { watches in
      let before = watches
      body(&watches)
      if isOfProcess { Self.tellKernel(before, watches) }
    }
  }

  private static func tellKernel(_ before: [SignalWatch], _ now: [SignalWatch]) {
    // A loop can be woken before a handler is installed that wakes it, and until no handler does any more.
    let wakers = { (watches: [SignalWatch]) in Set(watches.map(\.loop.backend.wakeDescriptor).filter { $0 >= 0 }) }
    for descriptor in wakers(now).subtracting(wakers(before)) { asyncio_signal_wakes(descriptor) }
    for signal in Set((before + now).flatMap(\.signals)) {
      let (old, new) = (Interest(in: signal, of: before), Interest(in: signal, of: now))
      guard old != new else { continue }
      if new == .none {
        asyncio_signal_unwatch(signal.rawValue)
      } else {
        asyncio_signal_watch(signal.rawValue, new == .evenIfIgnored ? 1 : 0)
      }
    }
    for descriptor in wakers(before).subtracting(wakers(now)) { asyncio_signal_wakes_no_more(descriptor) }
  }

  /// What the program wants of a signal. One that was ignored at the process's start (`nohup`) ends nothing, but code
  /// that waits for it explicitly gets it.
  private enum Interest {
    case none, unlessIgnored, evenIfIgnored

    init(in signal: Signal, of watches: [SignalWatch]) {
      let interested = watches.filter { $0.signals.contains(signal) }
      self =
        interested.isEmpty ? .none : interested.contains { $0.role == .receives } ? .evenIfIgnored : .unlessIgnored
    }
  }

  // MARK: - Who gets a signal

  /// Hands on the signals of the process. Called by any loop, after a turn.
  @inline(__always)
  static func handOn() {
    if asyncio_signals_have_come() != 0 { process.handOnAll() }
  }

  @inline(never)
  private func handOnAll() {
    let due = watches.withLock { watches in
      Set(watches.flatMap(\.signals)).sorted { $0.rawValue < $1.rawValue }.filter {
        // The kernel merges signals that come before they are looked at (signal(7)).
        asyncio_signal_take($0.rawValue) > 0
      }
    }
    for signal in due {
      let takers = takers(of: signal)
      if signal == .interrupt && takers.allSatisfy({ $0.role == .receives }) { asyncio_signal_interrupt_was_received() }
      for watch in takers { watch.deliver(signal) }
    }
  }

  private func takers(of signal: Signal) -> [SignalWatch] {
    watches.withLock { watches in
      let interested = watches.filter { $0.signals.contains(signal) }
      let others = interested.filter { $0.role != .stopsRun }
      return others.isEmpty ? Array(interested.suffix(1)) : others
    }
  }

  /// Delivers a simulated signal. Returns whether anybody waits for it.
  package func send(_ signal: Signal) -> Bool {
    let takers = takers(of: signal)
    for watch in takers { watch.deliver(signal) }
    return !takers.isEmpty
  }
}
