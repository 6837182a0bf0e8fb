// SPDX-License-Identifier: Apache-2.0

/// What the loop counts while it runs: plain additions on its own thread.
struct Counters {
  var turns = 0
  var jobs = 0
  var jobsSincePoll = 0
  var deepestTurn = 0
  var operations = 0
  var completions = 0
  /// Calls on the blocking pool that have not come back.
  var blocking = 0
}

extension EventLoop {
  /// What a loop has done so far and holds now.
  public struct Statistics: Sendable, Hashable, CustomStringConvertible {
    /// Turns of the loop.
    public let turns: Int
    /// Jobs and callbacks run.
    public let jobs: Int
    /// The most jobs that one turn found ready.
    public let deepestTurn: Int
    /// Jobs ready now.
    public let ready: Int
    /// Timers that wait now.
    public let timers: Int
    /// Tasks of this library's waits that are suspended now.
    public let waiting: Int
    /// Operations handed to the backend so far.
    public let operations: Int
    /// Completions taken so far; one operation can have many.
    public let completions: Int
    /// Operations not over yet.
    public let operationsInFlight: Int
    /// System calls that the backend made.
    public let systemCalls: Int

    public var description: String {
      """
      \(turns) turns, \(jobs) jobs (at most \(deepestTurn) in a turn, \(ready) ready), \(timers) timers, \
      \(waiting) tasks waiting, \(operationsInFlight) of \(operations) operations in flight, \
      \(completions) completions, \(systemCalls) system calls
      """
    }
  }

  /// A snapshot. On the loop's thread.
  public var statistics: Statistics {
    Statistics(
      turns: counters.turns, jobs: counters.jobs, deepestTurn: counters.deepestTurn, ready: ready.count,
      timers: timers.count, waiting: waits.count, operations: counters.operations,
      completions: counters.completions, operationsInFlight: operations.inFlight, systemCalls: backend.systemCalls)
  }

  /// Counts the turns, for what is to happen so many times in one.
  package var turnNumber: Int { counters.turns }

  package var hasReadyJobs: Bool { !ready.isEmpty }

  /// Calls under way on other threads that will come back to this loop: a simulated clock stands still for them.
  package var blockingCalls: Int {
    get { counters.blocking }
    set { counters.blocking = newValue }
  }
}
