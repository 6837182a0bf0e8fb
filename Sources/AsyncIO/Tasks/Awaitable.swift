// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

/// A task or a future: something with an end. `wait` and `asCompleted` take these.
public protocol Awaitable: AnyObject, Sendable {
  /// Whether it has ended.
  var isDone: Bool { get }
  /// Whether it ended by a cancellation.
  var isCancelled: Bool { get }
  /// Cancels it. Returns false if it had already ended.
  @discardableResult func cancel(_ reason: String) -> Bool
  /// Its end, for this library: only this library's types are awaitables.
  var _ending: _Ending { get }
}

/// An awaitable that ends with a value or an error. `gather` takes these.
public protocol AwaitableValue<Value>: Awaitable {
  /// The type of the value.
  associatedtype Value: Sendable

  /// The value or error that it ended with; nil before. Reading an error counts as seeing it.
  var result: Result<Value, any Error>? { get }
}

/// The end of an awaitable, for `wait`, `asCompleted` and `gather`.
public struct _Ending: Sendable {
  package let source: any Settling

  package init(_ source: any Settling) { self.source = source }
}

/// A task or a future, to this library.
package protocol Settling: AnyObject, Sendable {
  /// The stage of its settlement.
  var phase: SettlementPhase { get }
  /// Calls back at once if it has ended; otherwise as soon as it ends, on the thread where it does. Returns a token for
  /// `forget`; nil if it has ended.
  func whenSettled(_ callback: @escaping @Sendable () -> Void) -> Int?
  /// Withdraws a `whenSettled`.
  func forget(_ token: Int)
  /// Marks its error, present or future, as seen.
  func markRetrieved()
  /// Cancels it. Returns false if it had already ended.
  func cancel(_ reason: CancelReason) -> Bool
  /// The error that it ended with, if any. Reading it counts as seeing it.
  var endingError: (any Error)? { get }
  /// Throws if the calling code belongs to it, and so would wait for ever.
  func refuseToBeAwaitedByItself(_ function: String) throws
}

extension AnyTaskHandle: Awaitable, Settling {
  public var _ending: _Ending { _Ending(self) }
  package var phase: SettlementPhase { settlement.phase }
  package func whenSettled(_ callback: @escaping @Sendable () -> Void) -> Int? { settlement.whenSettled(callback) }
  package func forget(_ token: Int) { settlement.forget(token) }
  package func markRetrieved() { settlement.markRetrieved() }
  package var endingError: (any Error)? { isCancelled ? CancellationError() : error }

  /// Code of a Swift task that the task started may wait for it.
  package func refuseToBeAwaitedByItself(_ function: String) throws {
    guard let current = CancelNode.current, current.isOwnTask, current.isWithin(self) else { return }
    throw MisuseError("\(function): \(waitDescription) awaits itself")
  }
}

extension TaskHandle: AwaitableValue {}

extension Future: AwaitableValue, Settling {
  public var _ending: _Ending { _Ending(self) }
  package var phase: SettlementPhase { settlement.phase }
  package func whenSettled(_ callback: @escaping @Sendable () -> Void) -> Int? { settlement.whenSettled(callback) }
  package func forget(_ token: Int) { settlement.forget(token) }
  package func markRetrieved() { settlement.markRetrieved() }
  package var endingError: (any Error)? { if case .failure(let error)? = result { error } else { nil } }
  package func refuseToBeAwaitedByItself(_ function: String) {}
}
