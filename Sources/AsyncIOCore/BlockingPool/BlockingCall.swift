// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// What becomes of a function on a thread when the task that waits for it is cancelled.
public enum ThreadCancellation: Sendable {
  /// The task waits until the function returns. `Task.isCancelled` tells the function that it should.
  case wait
  /// The task goes on at once, with `CancellationError`, and the function is left alone. Its result is dropped. Its
  /// error goes to the loop's exception handler.
  case abandon
}

/// A call on a thread of a pool that a task of a loop waits for, without its result.
package class LoopCall: BlockingJob, @unchecked Sendable {
  // Sendable: immutable or atomic, besides the properties for the loop's thread.
  final let loop: EventLoop
  /// What the program calls it; nil for calls of the library.
  final let label: String?
  private let startTime = Atomic<Int64>(0)
  private let thread = Atomic<Int32>(0)
  final let wasAbandoned = Atomic<Bool>(false)

  // On the loop's thread only.
  final var wait: WaitID?
  final var hasReturned = false

  init(loop: EventLoop, label: String?) {
    self.loop = loop
    self.label = label
  }

  final func noteStart() {
    thread.store(asyncio_thread_id(), ordering: .relaxed)
    startTime.store(SystemCall.monotonicTime, ordering: .releasing)
  }

  /// Notes on the loop that the call has returned. Called last on the pool's thread.
  final func noteReturn(_ error: (any Error)?) {
    let posted = loop.post { [self] loop in
      hasReturned = true
      loop.forget(self)
      if let wait { loop.resume(wait) }
      reportIfAbandoned(error)
    }
    if !posted { reportIfAbandoned(error) }
  }

  private func reportIfAbandoned(_ error: (any Error)?) {
    guard let label, let error, !(error is CancellationError), wasAbandoned.load(ordering: .acquiring) else { return }
    loop.reportFromAnywhere("\(label), a function on a thread that its caller had abandoned, failed", error)
  }

  /// Its name, its thread and for how long it has run; nil for a call of the library, or one that hasn't started.
  final var report: String? {
    let start = startTime.load(ordering: .acquiring)
    guard let label, start != 0, !hasReturned else { return nil }
    let time = Duration.nanoseconds((SystemCall.monotonicTime - start) / 1_000_000 * 1_000_000)
    return "\(label) (thread \(thread.load(ordering: .relaxed)), for \(time))"
  }
}

/// A call with its result.
final class BlockingCall<Value: Sendable>: LoopCall, @unchecked Sendable {
  // Sendable: the pool's thread writes `outcome` before it posts to the loop, and the loop reads it afterwards. The
  // body is taken once, by that thread or, if the call was withdrawn, by the loop's.
  private var body: (@Sendable () throws -> Value)?
  private(set) var outcome: Result<Value, any Error>?

  init(loop: EventLoop, label: String?, _ body: @escaping @Sendable () throws -> Value) {
    self.body = body
    super.init(loop: loop, label: label)
  }

  override func run() {
    noteStart()
    if let body = body.take() { outcome = Result { try body() } }
    end()
  }

  override func refuse(by error: any Error) {
    body = nil
    outcome = .failure(error)
    end()
  }

  private func end() {
    if case .failure(let error)? = outcome { noteReturn(error) } else { noteReturn(nil) }
  }

  /// Releases what the function has captured. The call was withdrawn.
  func drop() { body = nil }
}
