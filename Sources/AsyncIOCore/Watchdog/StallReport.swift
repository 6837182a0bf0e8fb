// SPDX-License-Identifier: Apache-2.0

public import ThreadBacktraces

/// A loop that one job has kept from everything else for too long.
public struct StallReport: Sendable, CustomStringConvertible {
  /// How long the job has been running, at least.
  public let duration: Duration
  /// The name of the task, where it is known: on a loop that keeps its tasks' names, after a first wait of the task.
  public let taskName: String?
  /// The kernel's id of the loop's thread.
  public let threadID: Int32
  /// What the thread was doing then; nil if the job was over before it could be seen, or could not be interrupted.
  public let backtrace: ThreadBacktrace?

  /// `asyncio: the event loop has been stuck for 312 ms in task "name"`, and the backtrace in the lines that follow.
  public var description: String {
    let milliseconds = duration.clampedNanoseconds / 1_000_000
    let task = taskName.map { " in task \"\($0)\"" } ?? ""
    let line = "asyncio: the event loop has been stuck for \(milliseconds) ms\(task)"
    return backtrace.map { "\(line)\n\($0)" } ?? "\(line) (it went on before its backtrace could be taken)"
  }
}
