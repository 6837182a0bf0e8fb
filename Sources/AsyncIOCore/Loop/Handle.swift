// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A callback that a loop will call once; asyncio's `Handle`.
///
/// ```swift
/// let handle = EventLoop.current.callSoon { print("next turn") }
/// handle.cancel()
/// ```
public class Handle: @unchecked Sendable {
  // Sendable: `callback` is written at creation, and afterwards only by the thread that moves `state` away from
  // `waiting`, which happens once. `inboxLink` belongs to the inbox that has the handle.
  private enum State {
    static let waiting: UInt8 = 0
    static let called: UInt8 = 1
    static let cancelled: UInt8 = 2
  }

  private let state = Atomic<UInt8>(State.waiting)
  private var callback: (() -> Void)?
  /// The task-local values of the place where it was scheduled.
  private var context: TaskContext?
  var inboxLink: UInt = 0

  init(context: TaskContext? = nil, _ callback: @escaping () -> Void) {
    self.context = context
    self.callback = callback
  }

  /// Cancels the callback, and releases it with everything that it captured. Has no effect after the call or an earlier
  /// `cancel`. Callable from any thread.
  public func cancel() {
    guard take(for: State.cancelled) else { return }
    callback = nil
    context = nil
  }

  /// Whether it was cancelled before the call.
  public var isCancelled: Bool { state.load(ordering: .acquiring) == State.cancelled }

  /// Whether it was neither called nor cancelled yet.
  var isWaiting: Bool { state.load(ordering: .acquiring) == State.waiting }

  func call() {
    guard take(for: State.called) else { return }
    guard let callback = callback.take() else { return }
    if let context = context.take() { context.run(callback) } else { callback() }
  }

  private func take(for new: UInt8) -> Bool {
    state.compareExchange(expected: State.waiting, desired: new, ordering: .acquiringAndReleasing).exchanged
  }
}

/// A callback that a loop will call at a given time; asyncio's `TimerHandle`.
public final class TimerHandle: Handle, @unchecked Sendable {
  // Sendable: see Handle; `when` does not change, and the rest belongs to the loop's thread.

  /// The time of the call, on the clock of `EventLoop.time`.
  public let when: EventLoop.Instant
  // On the loop's thread only.
  var timer: TimerID?
  var loop: EventLoop?

  init(when: EventLoop.Instant, context: TaskContext? = nil, _ callback: @escaping () -> Void) {
    self.when = when
    super.init(context: context, callback)
  }

  /// Cancels the callback, and releases it with everything that it captured. Callable from any thread.
  public override func cancel() {
    super.cancel()
    // Off the loop's thread, the timer stays until it is due, and then finds nothing to call.
    if let loop, loop.isCurrent, let timer { loop.cancel(timer) }
  }
}
