// SPDX-License-Identifier: Apache-2.0

/// The loop's counters: plain additions on its own thread.
struct Counters {
  var turns = 0
  var jobs = 0
  var jobsSincePoll = 0
  var deepestTurn = 0
  var operations = 0
  var completions = 0
  /// Calls on the blocking pool that have not returned.
  var blocking = 0
}

extension EventLoop {
  /// The work that a loop has done so far, and what it holds now.
  public struct Statistics: Sendable, Hashable, CustomStringConvertible {
    /// Turns of the loop so far.
    public let turns: Int
    /// Jobs and callbacks run so far.
    public let jobs: Int
    /// The most jobs that were ready in one turn.
    public let deepestTurn: Int
    /// Jobs that are ready now.
    public let ready: Int
    /// Timers that are set now.
    public let timers: Int
    /// Tasks that are suspended in this library's waits now.
    public let waiting: Int
    /// Operations submitted to the backend so far.
    public let operations: Int
    /// Completions received so far; an operation can have many.
    public let completions: Int
    /// Operations in flight now.
    public let operationsInFlight: Int
    /// System calls of the backend so far.
    public let systemCalls: Int

    /// The counts in one line.
    public var description: String {
      """
      \(turns) turns, \(jobs) jobs (at most \(deepestTurn) in a turn, \(ready) ready), \(timers) timers, \
      \(waiting) tasks waiting, \(operationsInFlight) of \(operations) operations in flight, \
      \(completions) completions, \(systemCalls) system calls
      """
    }
  }

  /// A snapshot of the loop's counters. Call it on the loop's thread.
  public var statistics: Statistics {
    Statistics(
      turns: counters.turns, jobs: counters.jobs, deepestTurn: counters.deepestTurn, ready: ready.count,
      timers: timers.count, waiting: waits.count, operations: counters.operations,
      completions: counters.completions, operationsInFlight: operations.inFlight, systemCalls: backend.systemCalls)
  }

  /// The number of this turn, for limits per turn.
  package var turnNumber: Int { counters.turns }

  package var hasReadyJobs: Bool { !ready.isEmpty }

  /// Calls on other threads that will return to this loop. A simulated clock stands still meanwhile.
  package var blockingCalls: Int {
    get { counters.blocking }
    set { counters.blocking = newValue }
  }
}
