// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

/// Something that will have ended: a task or a future. What `wait` and `asCompleted` take.
public protocol Awaitable: AnyObject, Sendable {
  /// Whether it has ended.
  var isDone: Bool { get }
  /// Whether it was ended by a cancellation.
  var isCancelled: Bool { get }
  /// Cancels it; false if it is done already.
  @discardableResult func cancel(_ reason: String) -> Bool
  /// Its end, for this library: there are no other awaitables than its own.
  var _ending: _Ending { get }
}

/// An awaitable that ends with a value or an error. What `gather` takes.
public protocol AwaitableValue<Value>: Awaitable {
  associatedtype Value: Sendable

  /// What it ended with; nil while it has not. Whoever asks has seen the error, if it is one.
  var result: Result<Value, any Error>? { get }
}

/// The end of an awaitable, for `wait`, `asCompleted` and `gather`.
public struct _Ending: Sendable {
  package let source: any Settling

  package init(_ source: any Settling) { self.source = source }
}

/// What settles: a task, a future.
package protocol Settling: AnyObject, Sendable {
  /// How far it is.
  var phase: SettlementPhase { get }
  /// Calls at once if it has ended, else on the thread where it ends, as soon as it does. Returns what `forget` takes;
  /// nil if it has ended.
  func whenSettled(_ callback: @escaping @Sendable () -> Void) -> Int?
  /// Takes back a `whenSettled`.
  func forget(_ token: Int)
  /// Its error, if it has one or comes to have one, counts as seen.
  func markRetrieved()
  /// Cancels it; false if it is done already.
  func cancel(_ reason: CancelReason) -> Bool
  /// By which error it ended, if by one; whoever asks has seen it.
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

  /// Code of a Swift task that it started may wait for it.
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
