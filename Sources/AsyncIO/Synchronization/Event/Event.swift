// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// Something that has happened or not, and that any number of tasks wait for; asyncio's `Event`.
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
/// It may be used from any thread and any loop. An event that is set lets everybody through without suspending or
/// allocating, until it is cleared.
public final class Event: Sendable {
  private let state = Mutex(EventState<LineWait>())

  /// An event that isn't set.
  public init() {}

  /// Whether it is set; asyncio's `is_set`.
  public var isSet: Bool { state.withLock { $0.isSet } }

  /// Sets it, and lets all go on that wait now, in the order in which they came, even if `clear` follows at once.
  /// Nothing happens if it is set already.
  public func set() {
    var freed = Few<LineWait.Claim>()
    state.withLock { $0.set(&freed) }
    freed.resume()
  }

  /// Makes it unset: a task that calls `wait` from now on waits for the next `set`.
  public func clear() { state.withLock { $0.clear() } }

  /// Waits until it is set.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before. An event that is set lets even a cancelled task
  ///   through, up to
  ///   64 times in a row.
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
