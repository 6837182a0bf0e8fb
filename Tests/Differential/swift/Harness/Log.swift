// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Events, in order; usable from any thread.
final class Log: Sendable {
  private let state = Mutex<[String]>([])

  func callAsFunction(_ line: String) { state.withLock { $0.append(line) } }

  var lines: [String] { state.withLock { $0 } }
}
