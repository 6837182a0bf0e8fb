// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Every task of a run in virtual time waits, and nothing can end a wait. No timer is set, the network carries nothing,
/// no blocking call is under way, and no other thread brought work.
///
/// ```
/// no progress: every task waits and no timer is set: task "reader" waits: receive 10.0.0.2:80 (for 3 s)
/// ```
///
/// Name tasks with `Task(name:)`. Tasks that wait for something outside the loop (a continuation, an `AsyncStream`) are
/// not listed.
public struct NoProgressError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A line for each waiting task: its name, what it waited for, and how long.
  public let waiting: [String]

  init(waiting: [WaitingTask]) {
    self.waiting = waiting.map { wait in
      "\(wait.name.map { "task \"\($0)\"" } ?? "a task") waits: \(wait.reason) (for \(Self.text(wait.since)))"
    }
  }

  /// One line that lists the waiting tasks.
  public var description: String {
    if waiting.isEmpty {
      return "no progress: no task is ready, none waits on the loop, and no timer is set: "
        + "the test waits for something outside of the loop"
    }
    return "no progress: every task waits and no timer is set: " + waiting.joined(separator: "; ")
  }

  /// `3 s`, `1.5 s`, `20 ms`.
  static func text(_ duration: Duration) -> String {
    let nanoseconds = duration.clampedNanoseconds
    let (unit, size): (String, Int64) =
      nanoseconds >= 1_000_000_000 ? ("s", 1_000_000_000) : nanoseconds >= 1_000_000 ? ("ms", 1_000_000) : ("µs", 1000)
    let whole = nanoseconds / size
    let thousandths = nanoseconds % size / (size / 1000)
    if nanoseconds == 0 { return "0 s" }
    if thousandths == 0 { return "\(whole) \(unit)" }
    var digits = String(thousandths + 1000).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits) \(unit)"
  }
}
