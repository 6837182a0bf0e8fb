// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// A flag that any number of tasks wait for; asyncio's `Event`.
///
/// ```swift
/// let connected = Event()
/// createTask {
///   try await sleep(.milliseconds(20))
///   connected.set()
/// }
/// try await connected.wait()
/// ```
///
/// It may be used from any thread and any loop. While it is set, tasks pass without suspending or allocating.
public final class Event: Sendable {
  private let state = Mutex(EventState<LineWait>())

  /// Makes an event that isn't set.
  public init() {}

  /// Whether the event is set; asyncio's `is_set`.
  public var isSet: Bool { state.withLock { $0.isSet } }

  /// Sets the event, and lets all waiting tasks go on, in the order in which they came, even if `clear` follows at
  /// once. Does nothing if it is already set.
  public func set() {
    var freed = Few<LineWait.Claim>()
    state.withLock { $0.set(&freed) }
    freed.resume()
  }

  /// Clears the event: a task that calls `wait` from now on waits for the next `set`.
  public func clear() { state.withLock { $0.clear() } }

  /// Waits until the event is set.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before. While the event is set even a cancelled task
  ///   passes, up to 64 times in a row.
  public nonisolated(nonsending) func wait() async throws {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    if isSet { return }
    try await waitInLine {
      state.withLock { state in
        state.isSet ? .done(()) : .wait(WaitReason("wait", on: self)) { state.join($0) }
      }
    } leave: { token in
      state.withLock { $0.leave(token) }
    }
  }
}

extension Event: WaitObject {
  package var waitDescription: String { "for an event with \(state.withLock { $0.line.count }) in line" }
}

extension Event: CustomStringConvertible {
  public var description: String {
    let (isSet, waiting) = state.withLock { ($0.isSet, $0.line.count) }
    return "Event(\(isSet ? "set" : "unset"), \(waiting) waiting)"
  }
}

/// The state of an `Event`, as a value: whether it is set, and the line of waiters. While it is set the line is empty.
struct EventState<Waiter: LineWaiter>: Sendable {
  typealias Line = AsyncIOCore.Line<Waiter, Void, Void>

  private(set) var isSet = false
  private(set) var line = Line()

  /// Sets it, and frees all waiters.
  mutating func set(_ freed: inout Few<Waiter.Claim>) {
    isSet = true
    line.serveAll((), &freed)
  }

  mutating func clear() { isSet = false }

  /// Joins the line. Called in the section that found it unset.
  mutating func join(_ waiter: Waiter) -> Line.Token { line.join(waiter) }

  /// Leaves the line. Returns a value if the task was freed, nil otherwise.
  mutating func leave(_ token: Line.Token) -> Void? { line.leave(token) }
}
