// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// A place where tasks wait for each other: when the given number has arrived, all go on; asyncio's `Barrier`.
///
/// ```swift
/// let start = Barrier(parties: 3)
/// for runner in 1...2 {
///   createTask {
///     try await start.wait()
///     print("\(runner) runs")
///   }
/// }
/// let index = try await start.wait()
/// print("all have come, this one as number \(index)")
/// ```
///
/// Then it is empty, and serves the next round. Either all tasks of a round pass or none does, and each gets a number
/// of its own. It may be used from any thread and any loop.
public final class Barrier: Sendable {
  private let state: Mutex<BarrierState<LineWait>>

  /// The number of tasks in a round.
  public let parties: Int

  /// Makes a barrier for a number of tasks at a time.
  ///
  /// Traps if the number isn't at least one.
  public init(parties: Int, file: StaticString = #fileID, line: UInt = #line) {
    require(parties >= 1, "Barrier: parties is \(parties); it must be 1 or more", file: file, line: line)
    self.parties = parties
    state = Mutex(BarrierState(parties: parties))
  }

  /// The number of tasks that wait for the others; asyncio's `n_waiting`.
  public var waitingCount: Int { state.withLock { $0.line.count } }

  /// Whether the barrier was aborted, and not reset since; asyncio's `broken`.
  public var isBroken: Bool { state.withLock { $0.isBroken } }

  /// Waits until all tasks of the round have arrived.
  ///
  /// - Returns: The task's number in its round, from 0 in the order of arrival. The last one doesn't suspend.
  /// - Throws: `BrokenBarrierError` if the barrier is aborted, or is reset while the task waits. `CancellationError` if
  ///   the task is cancelled while it waits: it then hasn't arrived, and the others wait on. Once the last one has
  ///   arrived all pass, even cancelled tasks.
  @discardableResult
  public nonisolated(nonsending) func wait() async throws -> Int {
    try await EventLoop.spendBudget()
    let outcome = try await waitInLine {
      var released = Few<LineWait.Claim>()
      defer { released.resume() }
      return state.withLock { state in
        if let outcome = state.arrive(&released) { return .done(outcome) }
        return .wait(WaitReason("wait", on: self)) { state.join($0) }
      }
    } leave: { token in
      state.withLock { $0.leave(token) }
    }
    switch outcome {
    case .passes(let index): return index
    case .broken(let reason): throw BrokenBarrierError(reason: reason)
    }
  }

  /// Empties the barrier, and mends it if it is broken. Current waits end with `BrokenBarrierError`.
  public func reset() {
    var told = Few<LineWait.Claim>()
    state.withLock { $0.reset(&told) }
    told.resume()
  }

  /// Breaks the barrier: current waits, and those that begin before `reset`, end with `BrokenBarrierError`.
  public func abort() {
    var told = Few<LineWait.Claim>()
    state.withLock { $0.abort(&told) }
    told.resume()
  }
}

extension Barrier: WaitObject {
  package var waitDescription: String { "at a barrier where \(waitingCount) of \(parties) have come" }
}

extension Barrier: CustomStringConvertible {
  public var description: String {
    let (isBroken, waiting) = state.withLock { ($0.isBroken, $0.line.count) }
    return "Barrier(\(isBroken ? "broken" : "\(waiting) of \(parties)"))"
  }
}

/// A wait at a barrier ended because the barrier was aborted or reset; asyncio's `BrokenBarrierError`.
public struct BrokenBarrierError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The event that broke the wait.
  public enum Reason: Hashable, Sendable {
    /// `abort` was called: no task passes until `reset`.
    case aborted
    /// `reset` was called while tasks waited: they must begin anew.
    case reset
  }

  /// The event that broke the wait.
  public let reason: Reason

  public var description: String {
    switch reason {
    case .aborted: "Barrier.wait: the barrier was aborted"
    case .reset: "Barrier.wait: the barrier was reset"
    }
  }
}
