// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The events of a soak, from all of its tasks.
final class Ledger: Sendable {
  struct Entries {
    var counts: [String: Int] = [:]
    var faults: [String] = []
    var bytes = 0
    var port: UInt16 = 0
    var isOver = false
  }

  private let entries = Mutex(Entries())

  func count(_ what: String) { entries.withLock { $0.counts[what, default: 0] += 1 } }
  func add(bytes: Int) { entries.withLock { $0.bytes += bytes } }

  /// Records an event that must not happen.
  func fault(_ what: String) { entries.withLock { $0.faults.append(what) } }

  var snapshot: Entries { entries.withLock { $0 } }

  /// The port of the current server; 0 while none runs.
  var port: UInt16 {
    get { entries.withLock { $0.port } }
    set { entries.withLock { $0.port = newValue } }
  }

  var isOver: Bool {
    get { entries.withLock { $0.isOver } }
    set { entries.withLock { $0.isOver = newValue } }
  }
}
