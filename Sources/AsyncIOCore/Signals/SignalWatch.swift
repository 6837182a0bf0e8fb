// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Somebody who waits for signals, on a loop.
package final class SignalWatch: @unchecked Sendable {
  // Sendable: `body` is called on the loop's thread only; everything else is immutable.

  package enum Role {
    /// A run that ends by the signal, unless somebody else waits for it.
    case stopsRun
    /// Something within a run that ends by the signal, such as a server. A second Ctrl-C still ends the process.
    case stops
    /// Code that decides for itself what the signal means.
    case receives
  }

  let signals: Set<Signal>
  let role: Role
  let loop: EventLoop
  let body: (Signal) -> Void
  private let center: SignalCenter

  /// Watches from now on until `end`. Both are callable from any thread.
  ///
  /// - Parameter center: Where the signals come from; nil is the system of the loop.
  package init(
    _ signals: Set<Signal>, as role: Role, from center: SignalCenter? = nil, on loop: EventLoop,
    _ body: @escaping (Signal) -> Void
  ) {
    for signal in signals { require(signal.canBeAwaited, "\(signal) can't be waited for") }
    self.signals = signals
    self.role = role
    self.loop = loop
    self.body = body
    self.center = center ?? loop.backend.signals
    self.center.add(self)
  }

  package func end() { center.remove(self) }

  func deliver(_ signal: Signal) {
    if loop.isCurrent { body(signal) } else { loop.postFromAnywhere { _ in self.body(signal) } }
  }
}
