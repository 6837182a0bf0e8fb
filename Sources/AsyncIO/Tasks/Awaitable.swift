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

/// The end of an awaitable, for `wait` and `asCompleted`.
public struct _Ending {
  /// How far it is.
  package let phase: SettlementPhase
  /// Calls at once if it has ended, else on the thread where it ends, as soon as it does.
  package let whenSettled: (@escaping @Sendable () -> Void) -> Void
}

extension AnyTaskHandle: Awaitable {
  public var _ending: _Ending {
    _Ending(phase: settlement.phase) { self.settlement.whenSettled($0) }
  }
}

extension Future: Awaitable {
  public var _ending: _Ending {
    _Ending(phase: settlement.phase) { self.settlement.whenSettled($0) }
  }
}
