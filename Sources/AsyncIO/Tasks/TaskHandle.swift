// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A task that runs beside its creator; asyncio's `Task`. `createTask` makes one.
///
/// ```swift
/// let task = createTask(name: "answer") {
///   try await sleep(.seconds(1))
///   return 42
/// }
/// print(try await task.value)
/// ```
///
/// The task runs whether or not its handle is kept. If it fails, and nothing has looked at its end when the last handle
/// goes, its error is reported. It goes to the loop's exception handler, or to standard error if the loop has ended.
public final class TaskHandle<Value: Sendable>: AnyTaskHandle, @unchecked Sendable {
  // Sendable: the task writes `outcome` once, before it settles. It is read only after the settlement has said that the
  // task has ended.
  private var outcome: Result<Value, any Error>?

  /// How the task ended; nil before. asyncio's `result()` and `exception()`. It doesn't wait: `value` does, and
  /// `await handle.result` gives nil at once, with a warning of the compiler's.
  ///
  /// Reading an error counts as seeing it.
  public var result: Result<Value, any Error>? {
    if !isDone { return nil }
    settlement.markRetrieved()
    return outcome
  }

  /// What the task returned or threw, once it has ended; asyncio's `await task`.
  ///
  /// **Cancellation** of the awaiting task cancels this task, and waits for it. The result is then what this task makes
  /// of its cancellation. `shield` awaits a task and doesn't cancel it. A cancelled task that awaits another in its
  /// clean-up cancels that one too, since the cancellation stays: `shield` the wait. As in asyncio, tasks that await
  /// each other never end, even cancelled.
  ///
  /// - Throws: What the task threw; `MisuseError` to a task that awaits itself.
  nonisolated(nonsending) public var value: Value {
    get async throws {
      if isDone {
        try await EventLoop.spendBudget()
        return try settled()
      }
      try refuseToAwaitItself()
      do {
        try await settlement.wait(WaitReason("await", on: self))
      } catch {
        cancel(CancelReason(.awaiterCancelled))
        await settlement.waitUninterrupted(WaitReason("await cancelled", on: self))
      }
      return try settled()
    }
  }

  /// The outcome. Only for a task that has ended.
  func settled() throws -> Value {
    settlement.markRetrieved()
    return try outcome!.get()
  }

  /// Throws if the calling task is this one, which would wait for itself for ever.
  func refuseToAwaitItself() throws { try refuseToBeAwaitedByItself("TaskHandle.value") }

  /// Starts the task with this body.
  func start(
    eagerly: Bool = false, isolation: isolated (any Actor)?,
    _ body: @escaping @isolated(any) () async throws -> Value
  ) {
    // A body that uses nothing of its surrounding actor has no isolation (SE-0306). Started on the actor, it would
    // leave the actor first, and not run within the call.
    if eagerly && body.isolation == nil { return startEagerly(body) }
    super.start(eagerly: eagerly, isolation: isolation) {
      do {
        self.outcome = .success(try await body())
        return .succeeded
      } catch {
        self.outcome = .failure(error)
        return self.ended(by: error)
      }
    }
  }

  /// Starts a body without isolation at once, by a closure without isolation.
  private func startEagerly(_ body: @escaping @isolated(any) () async throws -> Value) {
    super.start(eagerly: true, isolation: nil) {
      do {
        self.outcome = .success(try await body())
        return .succeeded
      } catch {
        self.outcome = .failure(error)
        return self.ended(by: error)
      }
    }
  }

  deinit {
    guard case .failure(let error)? = outcome, !settlement.wasRetrieved, !(error is CancellationError) else { return }
    loop.reportFromAnywhere("task \"\(name)\" failed, and nobody awaited it (created at \(createdAt))", error)
  }
}

extension Result where Failure == any Error {
  var phase: SettlementPhase {
    switch self {
    case .success: .succeeded
    case .failure(let error): error is CancellationError ? .cancelled : .failed
    }
  }
}
