// SPDX-License-Identifier: Apache-2.0
// Delivers signals to those who watch them. The handler, in C, counts and wakes the loops that have a watch. The first
// loop to end a turn hands the signals on. Each goes to one watch, the latest. So a server that ends with a signal ends
// within a run that would end with that signal too, and the run goes on.
//
// When its last watch ends, a signal is given back to its earlier handler.

import CLinux
import Synchronization

package final class SignalWatch: @unchecked Sendable {
  // Sendable: `body` is called on the loop's thread only; everything else is immutable.
  private let signals: Set<Signal>
  private let loop: EventLoop
  private let body: (Signal) -> Void

  private static let watches = Mutex<[SignalWatch]>([])

  /// Watches from now on until `end`, both on the loop's thread.
  package init(_ signals: Set<Signal>, on loop: EventLoop, _ body: @escaping (Signal) -> Void) {
    for signal in signals { require(signal.canBeAwaited, "\(signal) can't be waited for") }
    self.signals = signals
    self.loop = loop
    self.body = body
    Self.watches.withLock { watches in
      for signal in signals where !watches.contains(where: { $0.signals.contains(signal) }) {
        asyncio_signal_watch(signal.rawValue)
      }
      if !watches.contains(where: { $0.loop === loop }), loop.backend.wakeDescriptor >= 0 {
        asyncio_signal_wakes(loop.backend.wakeDescriptor)
      }
      watches.append(self)
    }
  }

  package func end() {
    Self.watches.withLock { watches in
      watches.removeAll { $0 === self }
      for signal in signals where !watches.contains(where: { $0.signals.contains(signal) }) {
        asyncio_signal_unwatch(signal.rawValue)
      }
      if !watches.contains(where: { $0.loop === loop }), loop.backend.wakeDescriptor >= 0 {
        asyncio_signal_wakes_no_more(loop.backend.wakeDescriptor)
      }
    }
  }

  /// Hands on the signals that came. Called by any loop, after a turn.
  @inline(__always)
  static func handOn() {
    if asyncio_signals_have_come() != 0 { handOnAll() }
  }

  @inline(never)
  private static func handOnAll() {
    let due = watches.withLock { watches -> [(SignalWatch, Signal)] in
      Set(watches.flatMap(\.signals)).sorted { $0.rawValue < $1.rawValue }.compactMap { signal in
        // The kernel merges signals that come before they are looked at (signal(7)).
        guard asyncio_signal_take(signal.rawValue) > 0 else { return nil }
        return watches.last { $0.signals.contains(signal) }.map { ($0, signal) }
      }
    }
    for (watch, signal) in due {
      if watch.loop.isCurrent { watch.body(signal) } else { watch.loop.postFromAnywhere { _ in watch.body(signal) } }
    }
  }
}
