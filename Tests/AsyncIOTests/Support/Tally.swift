// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A number that tasks on any threads count up and down, with its maximum.
final class Tally: Sendable {
  private let state = Mutex((value: 0, highest: 0))

  func add(_ number: Int) {
    state.withLock { state in
      state.value += number
      state.highest = max(state.highest, state.value)
    }
  }

  var value: Int { state.withLock { $0.value } }
  var highest: Int { state.withLock { $0.highest } }
}
