// SPDX-License-Identifier: Apache-2.0
// The reports of a run besides its result: errors that no task awaited, and what the body left behind. They are
// collected on the loop's thread, where no test may be current. The test records them once, when the run is over.

import AsyncIOCore
import Synchronization

final class RunReports: Sendable {
  private let list = Mutex<[String]>([])

  /// The reports in their order, each once.
  var all: [String] { list.withLock { $0 } }

  private func add(_ report: String) {
    list.withLock { list in if !list.contains(report) { list.append(report) } }
  }

  /// Starts to watch, on the loop's thread, before the loop runs. A handler that the test sets receives the errors
  /// instead.
  func watch(_ loop: EventLoop) {
    loop.exceptionHandler = { [self] _, context in add("\(context)") }
    loop.whenFinishing = { [self] loop in for leftover in loop.leftovers() { add(leftover) } }
  }
}
