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
/// It runs whether or not anybody holds the handle. If it fails, and the last handle is gone before anybody has looked
/// at how it ended, its error goes to the loop's exception handler, or to standard error if the loop has ended.
public final class TaskHandle<Value: Sendable>: AnyTaskHandle, @unchecked Sendable {
  // Sendable: `outcome` is written once, by the task before it settles, and read only by those who have learned from
  // the settlement that it has.
  private var outcome: Result<Value, any Error>?

  /// How the task ended; nil while it has not. asyncio's `result()` and `exception()`.
  ///
  /// Whoever asks has seen the error, if it is one.
  public var result: Result<Value, any Error>? {
    if !isDone { return nil }
    settlement.markRetrieved()
    return outcome
  }

  /// What the task returned or threw, when it has ended; asyncio's `await task`.
  ///
  /// **Cancellation** of whoever awaits it cancels the task, and waits for it: what the task makes of that is what this
  /// returns or throws. `shield` awaits a task without that. A cancelled task that awaits another in its clean-up
  /// cancels it too, since the cancellation stays: `shield` the wait. Tasks that await each other never end, cancelled
  /// or not, as in asyncio.
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

  /// What it ended with. Only after it has ended.
  func settled() throws -> Value {
    settlement.markRetrieved()
    return try outcome!.get()
  }

  /// A task that waits for itself would do so for ever.
  func refuseToAwaitItself() throws { try refuseToBeAwaitedByItself("TaskHandle.value") }

  /// Starts it with this body.
  func start(
    eagerly: Bool = false, isolation: isolated (any Actor)?,
    _ body: @escaping @isolated(any) () async throws -> Value
  ) {
    // A body that uses nothing of the actor where it is written is of no actor (SE-0306). Started on the actor, it would
    // leave that first, and not run within the call.
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

  /// The same for a body of no actor: here the closure is of none either.
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
