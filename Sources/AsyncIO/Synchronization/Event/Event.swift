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
  private let state = Mutex(EventState<Waiter>())

  /// An event that isn't set.
  public init() {}

  /// Whether it is set; asyncio's `is_set`.
  public var isSet: Bool { state.withLock { $0.isSet } }

  /// Sets it, and lets all go on that wait now, in the order in which they came, even if `clear` follows at once.
  /// Nothing happens if it is set already.
  public func set() {
    var next = state.withLock { $0.set() }
    while let granted = next {
      let wasResumed = granted.waiter.resume()
      next = state.withLock { wasResumed ? $0.next() : $0.passOver(granted) }
    }
  }

  /// Makes it unset: who calls `wait` from now on waits for the next `set`.
  public func clear() { state.withLock { $0.clear() } }

  /// Waits until it is set.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before. An event that is set lets even a cancelled task
  ///   through, up to
  ///   64 times in a row.
  public nonisolated(nonsending) func wait() async throws {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    if !isSet { try await waitInLine() }
  }

  private nonisolated(nonsending) func waitInLine() async throws {
    try await AsyncIOCore.waitInLine(WaitReason("wait", on: self)) { waiter in
      let token = state.withLock { $0.join(waiter) }
      // It was set meanwhile: the wait is over before it begins.
      if token == nil { _ = waiter.resume() }
      return token
    } leave: { token in
      guard let token else { return () }
      return state.withLock { $0.leave(token) } ? () : nil
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
