// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// A value that will come, from whoever has the future to whoever awaits it; asyncio's `Future`.
///
/// ```swift
/// let reply = Future<String>()
/// onReply { text in reply.trySetResult(text) }
/// print(try await reply.value)
/// ```
///
/// It is settled once: by a result, by an error or by cancellation. It may be used from any thread, and awaited by many
/// tasks. If it holds an error, and the last reference is gone before anybody has looked at it, the error goes to the
/// exception handler of the loop where the future was created, or to standard error if that has ended.
public final class Future<Value: Sendable>: @unchecked Sendable {
  // Sendable: `outcome` is written once, under the settlement's mutex, and read only by those who have learned from it
  // that the future is settled; `reason` likewise.
  let settlement = Settlement()
  private var outcome: Result<Value, any Error>?
  private var reason: CancelReason?
  private let loop = EventLoop.current

  public init() {}

  /// Whether it is settled; asyncio's `done`.
  public var isDone: Bool { settlement.phase != .pending }

  /// Whether it was cancelled; asyncio's `cancelled`.
  public var isCancelled: Bool { settlement.phase == .cancelled }

  /// Why it was cancelled; nil if it was not.
  public var cancelReason: CancelReason? { isCancelled ? reason : nil }

  /// What it was settled with; nil while it is pending. A cancelled one has failed with `CancellationError`. asyncio's
  /// `result()` and `exception()`.
  ///
  /// Whoever asks has seen the error, if it is one.
  public var result: Result<Value, any Error>? {
    if !isDone { return nil }
    settlement.markRetrieved()
    return outcome
  }

  // MARK: - Settling

  /// Settles it with a value; asyncio's `set_result`. Ends the process with a sentence if it is settled already:
  /// `trySetResult` is for where that may happen.
  public func setResult(_ value: Value, file: StaticString = #fileID, line: UInt = #line) {
    require(
      trySetResult(value), "Future.setResult: the future is \(stateDescription) already", file: file, line: line)
  }

  /// Settles it with an error; asyncio's `set_exception`. Ends the process with a sentence if it is settled already:
  /// `trySetException` is for where that may happen.
  public func setException(_ error: any Error, file: StaticString = #fileID, line: UInt = #line) {
    require(
      trySetException(error), "Future.setException: the future is \(stateDescription) already", file: file, line: line)
  }

  /// Settles it with a value, unless it is settled already: then this returns false.
  @discardableResult
  public func trySetResult(_ value: Value) -> Bool { settle(.success(value)) }

  /// Settles it with an error, unless it is settled already: then this returns false.
  @discardableResult
  public func trySetException(_ error: any Error) -> Bool { settle(.failure(error)) }

  /// Settles it by cancellation: those who await it get `CancellationError`. False if it is settled already.
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

  /// The value, when it has come; asyncio's `await future`.
  ///
  /// **Cancellation** of whoever awaits it cancels the future, for all. `shield` awaits it without that.
  ///
  /// - Throws: The error that it was settled with; `CancellationError` if it was cancelled.
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

  /// Waits until it is settled, and lets it be if the caller is cancelled.
  nonisolated(nonsending) func waitWithoutCancelling() async throws {
    try await settlement.wait(WaitReason("await", on: self))
  }

  /// Calls back in a turn after it is settled, on the loop where this is called; asyncio's `add_done_callback`.
  /// Callbacks come in the order of these calls, with the task-local values of the place where they were added. If it
  /// is settled already, in the next turn.
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
