// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Events, in order; usable from any thread.
final class Log: Sendable {
  private let state = Mutex<[String]>([])

  func add(_ entry: some Sendable & CustomStringConvertible) { state.withLock { $0.append(entry.description) } }

  var entries: [String] { state.withLock { $0 } }
}
