// SPDX-License-Identifier: Apache-2.0

import AsyncIO

/// A line on standard error that is redrawn, if that is a terminal; else nothing.
@MainActor struct ProgressBar {
  private let total: Int
  private var lastDrawn: EventLoop.Instant?
  private static let width = 30
  private static let interval = Duration.milliseconds(100)

  init(total: Int) { self.total = total }

  /// Draws, at most ten times a second.
  mutating func update(done: Int, failed: Int, bytes: Int) {
    guard Terminal.errorIsTerminal else { return }
    let now = EventLoop.current.time
    if let lastDrawn, lastDrawn.duration(to: now) < Self.interval { return }
    lastDrawn = now
    let filled = total == 0 ? 0 : done * Self.width / total
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    let failures = failed == 0 ? "" : ", \(failed.grouped) failed"
    Terminal.write("\r[\(bar)] \(done.grouped) of \(total.grouped)\(failures), \(bytes.asBytes)\u{1B}[K", to: 2)
  }

  /// Removes the bar to make room for a line.
  func clear() {
    if Terminal.errorIsTerminal && lastDrawn != nil { Terminal.write("\r\u{1B}[K", to: 2) }
  }
}
