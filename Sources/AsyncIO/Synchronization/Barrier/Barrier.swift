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
  private let state: Mutex<BarrierState<LineWait>>

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

  /// Empties the barrier, and mends it if it is broken: the waits of those who wait now end with `BrokenBarrierError`.
  public func reset() {
    var told = Few<LineWait.Claim>()
    state.withLock { $0.reset(&told) }
    told.resume()
  }

  /// Breaks the barrier: all waits end with `BrokenBarrierError`, those of now and those that are begun before `reset`.
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
