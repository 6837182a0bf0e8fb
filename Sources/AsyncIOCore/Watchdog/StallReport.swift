// SPDX-License-Identifier: Apache-2.0

public import ThreadBacktraces

/// A loop that one job has kept from everything else for too long.
public struct StallReport: Sendable, CustomStringConvertible {
  /// How long the job has been running, at least.
  public let duration: Duration
  /// The name of the task that runs: what `AnyTaskHandle.name` says, or the name of a `Task(name:)` of Swift's. Nil for
  /// other tasks of Swift's, in callbacks, and with a runtime in which it can't be found.
  public let taskName: String?
  /// The kernel's id of the loop's thread.
  public let threadID: Int32
  /// What the thread was doing then, all of it; nil if the job was over before it could be seen, or if the thread could
  /// not be looked at.
  public let backtrace: ThreadBacktrace?
  /// Whether the job went on for longer than the attempt to take its backtrace.
  var outlastedCapture = false

  /// `asyncio: the event loop has been stuck for 312 ms in task "name"`, and what the program does in the lines that
  /// follow: from the function that is stuck up to where the task began. Of more than 20 lines the rest is counted.
  public var description: String {
    let milliseconds = duration.clampedNanoseconds / 1_000_000
    let task = taskName.map { " in task \"\($0)\"" } ?? ""
    let line = "asyncio: the event loop has been stuck for \(milliseconds) ms\(task)"
    guard let backtrace else {
      let reason =
        outlastedCapture ? "its backtrace could not be taken" : "it went on before its backtrace could be taken"
      return "\(line) (\(reason))"
    }
    let frames = backtrace.framesOfProgram
    let lines = frames.prefix(20).enumerated().map { "#\($0.offset) \($0.element)" }
    let rest = frames.count > 20 ? ["and \(frames.count - 20) more"] : []
    return ([line] + lines + rest).joined(separator: "\n")
  }
}

extension ThreadBacktrace {
  /// What a job does: the essential frames, up to the loop that runs it, and without this library's own outermost ones.
  var framesOfProgram: [Frame] {
    var job = self
    if let loop = frames.firstIndex(where: \.isOfLoop) { job.frames.removeSubrange(loop...) }
    var kept = job.essentialFrames
    while let last = kept.last, last.isRuntime || last.isOfLibrary { kept.removeLast() }
    return kept.isEmpty ? job.essentialFrames : kept
  }
}

extension ThreadBacktrace.Frame {
  /// A turn of the loop, or what runs the turns: around it stands the program's `main`.
  fileprivate var isOfLoop: Bool {
    symbol.map { $0.hasPrefix("AsyncIOCore.EventLoop.turn(") || $0.hasPrefix("AsyncIOCore.EventLoop.run(") } ?? false
  }

  /// A function of this library, or a closure in one.
  fileprivate var isOfLibrary: Bool {
    ["AsyncIOCore.", "AsyncIO.", "AsyncIOHTTP.", "AsyncIOTLS.", "AsyncIOTesting."].contains { module in
      symbol.map { $0.hasPrefix(module) || $0.contains(" in \(module)") } ?? false
    }
  }
}
