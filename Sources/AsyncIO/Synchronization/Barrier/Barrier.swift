// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// A place where tasks wait for each other: when the given number has come, all go on; asyncio's `Barrier`.
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
/// Then it is empty, and serves the next ones. Either all of a round pass or none, each with a number of its own. It may
/// be used from any thread and any loop.
public final class Barrier: Sendable {
  private let state: Mutex<BarrierState<Waiter>>

  /// How many tasks have to come before they go on.
  public let parties: Int

  /// A barrier for so many tasks at a time.
  ///
  /// Ends the process with a sentence if that isn't at least one.
  public init(parties: Int, file: StaticString = #fileID, line: UInt = #line) {
    require(parties >= 1, "Barrier: there have to be parties, not \(parties)", file: file, line: line)
    self.parties = parties
    state = Mutex(BarrierState(parties: parties))
  }

  /// How many tasks wait for the others; asyncio's `n_waiting`.
  public var waitingCount: Int { state.withLock { $0.line.count } }

  /// Whether it was aborted, and not reset since; asyncio's `broken`.
  public var isBroken: Bool { state.withLock { $0.isBroken } }

  /// Waits until as many have come as there are parties.
  ///
  /// - Returns: The task's number in its round, from 0 for the first that came; the last one doesn't suspend.
  /// - Throws: `BrokenBarrierError` if the barrier is aborted, or is reset while the task waits. `CancellationError` if
  ///   the task is cancelled while it waits: it hasn't come then, and the others wait on. Once the last one has come all
  ///   pass, even those that are cancelled.
  @discardableResult
  public nonisolated(nonsending) func wait() async throws -> Int {
    try await EventLoop.spendBudget()
    let (outcome, released) = state.withLock { $0.arrive() }
    letPass(released)
    guard let outcome else { return try await waitInLine().index }
    return try outcome.index
  }

  /// Empties the barrier, and mends it if it is broken: the waits of those who wait now end with `BrokenBarrierError`.
  public func reset() { tellBroken(state.withLock { $0.reset() }) }

  /// Breaks the barrier: all waits end with `BrokenBarrierError`, those of now and those that are begun before `reset`.
  public func abort() { tellBroken(state.withLock { $0.abort() }) }

  /// Who was cancelled before passes too: the others have counted on them.
  private func letPass(_ released: [BarrierState<Waiter>.Line.Granted]) {
    for granted in released { _ = granted.waiter.resume() }
  }

  private func tellBroken(_ told: [BarrierState<Waiter>.Line.Granted]) {
    for granted in told where !granted.waiter.resume() { state.withLock { $0.takeBack(granted) } }
  }

  private nonisolated(nonsending) func waitInLine() async throws -> BarrierState<Waiter>.Outcome {
    try await AsyncIOCore.waitInLine(WaitReason("wait", on: self)) { waiter in
      let (place, released) = state.withLock { $0.join(waiter) }
      letPass(released)
      // It was the last by now, or the barrier is broken: the wait is over before it begins.
      if case .through = place { _ = waiter.resume() }
      return place
    } leave: { place in
      state.withLock { $0.leave(place) }
    }
  }
}

extension BarrierState.Outcome {
  fileprivate var index: Int {
    get throws {
      switch self {
      case .passes(let index): return index
      case .broken(let reason): throw BrokenBarrierError(reason: reason)
      }
    }
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
