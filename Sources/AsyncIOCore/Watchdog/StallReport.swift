// SPDX-License-Identifier: Apache-2.0

public import ThreadBacktraces

/// A job that kept a loop from everything else for too long.
public struct StallReport: Sendable, CustomStringConvertible {
  /// How long the job has been running, at least.
  public let duration: Duration
  /// The name of the running task: its `AnyTaskHandle.name`, or the name of a Swift `Task(name:)`. Nil for other Swift
  /// tasks, in callbacks, and with a runtime whose data can't be found.
  public let taskName: String?
  /// The kernel's id of the loop's thread.
  public let threadID: Int32
  /// The thread's complete backtrace. Nil if the job ended before it was taken, or if the thread could not be looked
  /// at.
  public let backtrace: ThreadBacktrace?
  /// Whether the job went on for longer than the attempt to take its backtrace.
  var outlastedCapture = false

  /// `asyncio: the event loop has been stuck for 312 ms in task "name"`, followed by lines with the program's frames:
  /// from the stuck function up to the task's start. Beyond 20 lines, the rest is counted.
  public var description: String {
    let milliseconds = duration.clampedNanoseconds / 1_000_000
    let task = taskName.map { " in task \"\($0)\"" } ?? ""
    let line = "asyncio: the event loop has been stuck for \(milliseconds) ms\(task)"
    guard let backtrace else {
      let reason =
        outlastedCapture ? "its backtrace could not be taken" : "the job ended before its backtrace could be taken"
      return "\(line) (\(reason))"
    }
    let frames = backtrace.framesOfProgram
    let lines = frames.prefix(20).enumerated().map { "#\($0.offset) \($0.element)" }
    let rest = frames.count > 20 ? ["and \(frames.count - 20) more"] : []
    return ([line] + lines + rest).joined(separator: "\n")
  }
}

extension ThreadBacktrace {
  /// The frames of the job: the essential ones, up to the loop that runs it, without this library's outermost frames.
  var framesOfProgram: [Frame] {
    var job = self
    if let loop = frames.firstIndex(where: \.isOfLoop) { job.frames.removeSubrange(loop...) }
    var kept = job.essentialFrames
    while let last = kept.last, last.isRuntime || last.isOfLibrary { kept.removeLast() }
    return kept.isEmpty ? job.essentialFrames : kept
  }
}

extension ThreadBacktrace.Frame {
  /// Whether this is a turn of the loop or the code that runs turns, whose caller is the program's `main`.
  fileprivate var isOfLoop: Bool {
    symbol.map { $0.hasPrefix("AsyncIOCore.EventLoop.turn(") || $0.hasPrefix("AsyncIOCore.EventLoop.run(") } ?? false
  }

  /// Whether this is a function of this library, or a closure in one.
  fileprivate var isOfLibrary: Bool {
    ["AsyncIOCore.", "AsyncIO.", "AsyncIOHTTP.", "AsyncIOTLS.", "AsyncIOTesting."].contains { module in
      symbol.map { $0.hasPrefix(module) || $0.contains(" in \(module)") } ?? false
    }
  }
}
