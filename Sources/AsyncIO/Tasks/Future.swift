// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// A value that arrives later: the producer settles the future, consumers await it; asyncio's `Future`.
///
/// ```swift
/// let reply = Future<String>()
/// onReply { text in reply.trySetResult(text) }
/// print(try await reply.value)
/// ```
///
/// A future is settled once: by a result, by an error or by cancellation. It may be used from any thread, and many
/// tasks may await it. An error that nothing has looked at when the last reference goes is reported. It goes to the
/// exception handler of the loop where the future was created, or to standard error if that loop has ended.
public final class Future<Value: Sendable>: @unchecked Sendable {
  // Sendable: `outcome` and `reason` are written once, under the settlement's mutex. They are read only after the
  // settlement has said that the future is settled.
  let settlement = Settlement()
  private var outcome: Result<Value, any Error>?
  private var reason: CancelReason?
  private let loop = EventLoop.current

  /// Makes a pending future.
  public init() {}

  /// Whether the future is settled; asyncio's `done`.
  public var isDone: Bool { settlement.phase != .pending }

  /// Whether the future was cancelled; asyncio's `cancelled`.
  public var isCancelled: Bool { settlement.phase == .cancelled }

  /// Why the future was cancelled; nil if it wasn't.
  public var cancelReason: CancelReason? { isCancelled ? reason : nil }

  /// The result or error that the future was settled with; nil while it is pending. A cancelled future has failed with
  /// `CancellationError`. asyncio's `result()` and `exception()`.
  ///
  /// Reading an error counts as seeing it.
  public var result: Result<Value, any Error>? {
    if !isDone { return nil }
    settlement.markRetrieved()
    return outcome
  }

  // MARK: - Settling

  /// Settles the future with a value; asyncio's `set_result`. Traps if it is already settled: use `trySetResult` where
  /// that may happen.
  public func setResult(_ value: Value, file: StaticString = #fileID, line: UInt = #line) {
    require(
      trySetResult(value), "Future.setResult: the future is \(stateDescription) already", file: file, line: line)
  }

  /// Settles the future with an error; asyncio's `set_exception`. Traps if it is already settled: use `trySetException`
  /// where that may happen.
  public func setException(_ error: any Error, file: StaticString = #fileID, line: UInt = #line) {
    require(
      trySetException(error), "Future.setException: the future is \(stateDescription) already", file: file, line: line)
  }

  /// Settles the future with a value. Returns false if it is already settled.
  @discardableResult
  public func trySetResult(_ value: Value) -> Bool { settle(.success(value)) }

  /// Settles the future with an error. Returns false if it is already settled.
  @discardableResult
  public func trySetException(_ error: any Error) -> Bool { settle(.failure(error)) }

  /// Settles the future by cancellation: tasks that await it get `CancellationError`. Returns false if it is already
  /// settled.
  @discardableResult
  public func cancel(_ reason: String = "") -> Bool { cancel(CancelReason(.requested, reason)) }

  @discardableResult
  package func cancel(_ reason: CancelReason) -> Bool {
    settle(.failure(CancellationError()), reason: reason)
  }

  private func settle(_ outcome: Result<Value, any Error>, reason: CancelReason? = nil) -> Bool {
    settlement.finish(outcome.phase) {
      self.outcome = outcome
      self.reason = reason
    }
  }

  // MARK: - Awaiting

  /// The value, once it has arrived; asyncio's `await future`.
  ///
  /// **Cancellation** of a task that awaits the future cancels the future, for all. `shield` awaits it and leaves it
  /// pending.
  ///
  /// - Throws: The error that the future was settled with; `CancellationError` if it was cancelled.
  nonisolated(nonsending) public var value: Value {
    get async throws {
      if isDone { try await EventLoop.spendBudget() }
      do {
        try await settlement.wait(WaitReason("await", on: self))
      } catch {
        cancel(CancelReason(.awaiterCancelled))
      }
      settlement.markRetrieved()
      return try outcome!.get()
    }
  }

  /// Waits until the future is settled. Leaves it pending if the caller is cancelled.
  nonisolated(nonsending) func waitWithoutCancelling() async throws {
    try await settlement.wait(WaitReason("await", on: self))
  }

  /// Calls back in a turn after the future is settled, on the loop where this is called; asyncio's `add_done_callback`.
  /// Callbacks run in the order of these calls, with the task-local values of the place where they were added. If the
  /// future is already settled, they run in the next turn.
  public func addDoneCallback(_ callback: @escaping @Sendable (Future<Value>) -> Void) {
    settlement.addCallback { callback(self) }
  }

  private var stateDescription: String {
    switch settlement.phase {
    case .pending: "pending"
    case .succeeded: "settled with a result"
    case .failed: "settled with an error"
    case .cancelled: "cancelled"
    }
  }

  deinit {
    guard case .failure(let error)? = outcome, !settlement.wasRetrieved, !(error is CancellationError) else { return }
    loop.reportFromAnywhere("a future was settled with an error that nobody awaited", error)
  }
}

extension Future: WaitObject {
  package var waitDescription: String { "a future" }
}

extension Future: CustomStringConvertible {
  public var description: String { "Future<\(Value.self)>(\(stateDescription))" }
}
