// SPDX-License-Identifier: Apache-2.0
// What a run has to tell beside its result: errors that nobody awaited, and what the body left behind. It is collected on
// the loop's thread, where no test may be current, and reported once, by the test, when the run is over.

import AsyncIOCore
import Synchronization

final class RunReports: Sendable {
  private let list = Mutex<[String]>([])

  /// In their order, each once.
  var all: [String] { list.withLock { $0 } }

  private func add(_ report: String) {
    list.withLock { list in if !list.contains(report) { list.append(report) } }
  }

  /// Before the loop runs, on its thread. A handler that the test sets takes the errors instead.
  func watch(_ loop: EventLoop) {
    loop.exceptionHandler = { [self] _, context in add("\(context)") }
    loop.whenFinishing = { [self] loop in for leftover in loop.leftovers() { add(leftover) } }
  }
}
