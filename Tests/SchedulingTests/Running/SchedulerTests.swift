// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import Testing

private struct Failure: Error, Equatable {
  var number = 0
}

@Suite(.virtualTime) struct SchedulerTests {
  /// Runs the body with a scope that is cancelled after a time.
  private nonisolated(nonsending) func scope(
    for duration: Duration, _ body: (TaskScope) throws -> Void
  ) async throws {
    try await withTaskScope { scope in
      try body(scope)
      try await sleep(duration)
      scope.cancel("enough")
    }
  }

  // MARK: - Times

  @Test func `a job runs at a fixed rate`() async throws {
    let log = Log()
    try await scope(for: .seconds(35)) { scope in
      scope.schedule(.every(.seconds(10))) { run in
        log.addNow("\(run.number)")
        try await sleep(.seconds(4))
      }
      scope.schedule(.every(.seconds(20), first: .zero)) { run in log.addNow("other \(run.number), due \(run.due)") }
    }
    #expect(
      Set(log.entries) == [
        "0 other 1, due 2000-01-01T00:00:00Z", "10 1", "20 2", "20 other 2, due 2000-01-01T00:00:20Z", "30 3",
      ])
  }

  @Test func `a daily job runs ten years once a day and summer time changes twice`() async throws {
    let berlin = try ZoneRules.named("Europe/Berlin")
    let log = Log()
    let days = 3653
    try await scope(for: .seconds(days * 86_400)) { scope in
      try scope.schedule(.cron("30 2 * * *", in: berlin), name: "nightly") { run in
        #expect(WallTime.now == run.due && run.missed == 0)
        log.add(berlin.civil(at: run.due.secondsSince1970).description)
      }
    }
    #expect(log.entries.count == days)
    #expect(Set(log.entries.map { $0.prefix(10) }).count == days)
    // Ten changes to summer time, at 02:00.
    #expect(log.entries.filter { $0.hasSuffix("T03:00:00") }.count == 10)
    #expect(log.entries.filter { $0.hasSuffix("T02:30:00") }.count == days - 10)
  }

  @Test func `a list of times ends the job and the scope`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      let job = scope.schedule(
        .at(try time("2000-01-02T00:00:00Z"), try time("2000-01-01T06:00:00Z"), try time("1999-01-01T00:00:00Z")),
        missed: .skip()
      ) { run in log.addNow("\(run.number) \(run.missed)") }
      #expect(job.nextRun?.description == "1999-01-01T00:00:00Z" && !job.isDone)
    }
    #expect(log.entries == ["21600 1 1", "86400 2 0"])
  }

  // MARK: - Missed and overlapping runs

  @Test func `a run that is due while an earlier one goes on is left out`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      let job = scope.schedule(.every(.seconds(10)), name: "slow") { run in
        log.addNow("\(run.number)")
        try await sleep(.seconds(25))
      }
      try await sleep(.seconds(66))
      #expect(job.statistics.started == 2 && job.statistics.leftOut == 4 && job.statistics.succeeded == 2)
      #expect(job.nextRun?.description == "2000-01-01T00:01:10Z")
      scope.cancel()
    }
    #expect(log.entries == ["10 1", "40 4"])
  }

  @Test func `runs wait in line and what is too much is reported once`() async throws {
    let log = Log()
    EventLoop.current.setExceptionHandler { _, context in log.addNow("\(context)") }
    try await scope(for: .seconds(52)) { scope in
      scope.schedule(.every(.seconds(10)), name: "slow", overlap: .queue(limit: 1)) { run in
        log.addNow("\(run.number)")
        try await sleep(.seconds(35))
      }
    }
    #expect(
      log.entries == [
        "10 1", "30 job \"slow\", due 2000-01-01T00:00:30Z was left out: 1 earlier runs wait already", "45 2",
      ])
  }

  @Test func `runs may overlap up to a limit`() async throws {
    let log = Log()
    try await scope(for: .seconds(52)) { scope in
      scope.schedule(.every(.seconds(10)), overlap: .allow(limit: 2)) { run in
        log.addNow("\(run.number)")
        try await sleep(.seconds(25))
      }
    }
    #expect(log.entries == ["10 1", "20 2", "40 4", "50 5"])
  }

  @Test func `a run may cancel the one before and waits for its end`() async throws {
    let log = Log()
    try await scope(for: .seconds(35)) { scope in
      let job = scope.schedule(.every(.seconds(10)), overlap: .cancelPrevious) { run in
        log.addNow("begins \(run.number)")
        do { try await sleep(.seconds(60)) } catch {
          log.addNow("cancelled \(run.number): \(currentCancelReason?.description ?? "")")
          try await shield { try await sleep(.seconds(2)) }
          throw error
        }
      }
      _ = job
    }
    #expect(
      log.entries == [
        "10 begins 1", "20 cancelled 1: cancelled: the next run of the job is due", "22 begins 2",
        "30 cancelled 2: cancelled: the next run of the job is due", "32 begins 3", "35 cancelled 3: cancelled: enough",
      ])
  }

  @Test func `runs that were missed are made up for as the policy says`() async throws {
    let log = Log()
    try await scope(for: .seconds(86_400 + 7300)) { scope in
      for (name, policy) in [("once", MissedRuns.once), ("skip", .skip()), ("all", .all(limit: 2))] {
        try scope.schedule(.cron("0 * * * *"), name: name, missed: policy) { run in
          log.addNow("\(name) \(run.number) \(run.missed)")
        }
      }
      createTask {
        // The machine is asleep from 00:30 to 03:30.
        try await sleep(.seconds(1800))
        EventLoop.current.setWallTime(try time("2000-01-01T03:30:00Z"))
        try await sleep(.seconds(1801))
        for task in scope.tasks { task.cancel() }
      }
    }
    #expect(
      Set(log.entries) == [
        "1800 once 1 2", "1800 all 1 1", "1800 all 2 0", "3600 once 2 0", "3600 all 3 0", "3600 skip 1 3",
      ])
  }

  // MARK: - A clock that is set

  @Test func `a clock that is set back repeats only what follows the clock`() async throws {
    let log = Log()
    let loop = EventLoop.current
    loop.setWallTime(try time("2026-01-15T02:00:00Z"))
    try await scope(for: .seconds(3 * 3600)) { scope in
      try scope.schedule(.cron("30 2 * * *"), name: "fixed") { run in log.addNow("fixed") }
      try scope.schedule(.cron("30 * * * *"), name: "hourly") { run in log.addNow("hourly") }
      scope.schedule(.at(try time("2026-01-15T02:30:00Z")), name: "once") { run in log.addNow("once") }
      createTask {
        try await sleep(.seconds(3600))
        // From 03:00 to 02:00.
        loop.setWallTime(try time("2026-01-15T02:00:00Z"))
      }
    }
    #expect(log.entries.sorted() == ["1800 fixed", "1800 hourly", "1800 once", "5400 hourly", "9000 hourly"])
  }

  @Test func `a clock that is set back by days begins the schedule anew`() async throws {
    let log = Log()
    let loop = EventLoop.current
    loop.setWallTime(try time("2026-01-15T02:00:00Z"))
    try await scope(for: .seconds(86_400)) { scope in
      try scope.schedule(.cron("30 2 * * *"), name: "fixed") { run in log.addNow("\(run.due)") }
      scope.schedule(.at(try time("2026-01-15T02:30:00Z"))) { run in log.addNow("once") }
      createTask {
        try await sleep(.seconds(3600))
        loop.setWallTime(try time("2026-01-10T00:00:00Z"))
      }
    }
    #expect(log.entries.sorted() == ["1800 2026-01-15T02:30:00Z", "1800 once", "12600 2026-01-10T02:30:00Z"].sorted())
  }

  // MARK: - Jitter, errors, names, cancellation

  @Test(arguments: [1, 2, 3]) func `a jitter is within its bound and does not add up`(seed: Int) async throws {
    let delays = Mutex<[Duration]>([])
    try await scope(for: .seconds(100 * 60 + 59)) { scope in
      try scope.schedule(.cron("* * * * *"), jitter: .seconds(30)) { run in
        delays.withLock { $0.append(run.due.duration(to: .now)) }
      }
    }
    let found = delays.withLock { $0 }
    #expect(found.count == 100)
    #expect(found.allSatisfy { $0 >= .zero && $0 <= .seconds(30) })
    #expect(Set(found).count > 90 && found.max()! > .seconds(20))
    // Longer than the time up to the next run: it ends before that.
    let number = Mutex(0)
    try await scope(for: .seconds(100)) { scope in
      scope.schedule(.every(.seconds(1)), jitter: .seconds(3600)) { run in
        #expect(run.due.duration(to: .now) < .seconds(1) && run.missed == 0)
        number.withLock { $0 += 1 }
      }
    }
    #expect(number.withLock { $0 } >= 99)
  }

  @Test func `an error is reported and the schedule goes on`() async throws {
    let log = Log()
    EventLoop.current.setExceptionHandler { _, context in log.addNow("\(context)") }
    try await withTaskScope { scope in
      let job = scope.schedule(.every(.seconds(10)), name: "import") { run in
        if run.number != 2 { throw Failure(number: run.number) }
      }
      try await sleep(.seconds(35))
      #expect(job.statistics.failed == 2 && job.statistics.succeeded == 1)
      scope.cancel()
    }
    #expect(
      log.entries == [
        "10 job \"import\", due 2000-01-01T00:00:10Z failed: Failure(number: 1)",
        "30 job \"import\", due 2000-01-01T00:00:30Z failed: Failure(number: 3)",
      ])
  }

  @Test func `an error may be one of the scope`() async throws {
    let error = await #expect(throws: ErrorGroup.self) {
      try await withTaskScope { scope in
        scope.schedule(.every(.seconds(10)), onError: .fail) { run in throw Failure(number: run.number) }
        try await sleep(.seconds(3600))
      }
    }
    #expect(error?.errors(of: Failure.self) == [Failure(number: 1)])
    #expect(secondsInTest == "10")
  }

  @Test func `a run that is cancelled by itself ends and the schedule goes on`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      let job = scope.schedule(.every(.seconds(10))) { run in
        log.addNow("\(run.number)")
        throw CancellationError()
      }
      try await sleep(.seconds(25))
      #expect(job.statistics.cancelled == 2 && job.statistics.started == 2)
      scope.cancel()
    }
    #expect(log.entries == ["10 1", "20 2"])
  }

  @Test func `a cancelled job ends with its runs and the scope goes on`() async throws {
    let log = Log()
    try await withTaskScope { scope in
      let job = scope.schedule(.every(.seconds(10)), name: "poll") { run in
        do { try await sleep(.seconds(60)) } catch {
          log.addNow("\(currentCancelReason?.description ?? "")")
          throw error
        }
      }
      try await sleep(.seconds(15))
      #expect(job.cancel("no longer needed"))
      try await sleep(.seconds(100))
      #expect(job.isDone && job.nextRun == nil && !job.cancel())
      #expect(job.description == "job \"poll\" (done)")
      log.addNow("end")
    }
    #expect(log.entries == ["15 cancelled: no longer needed", "115 end"])
  }

  @Test func `jobs and their runs have names`() async throws {
    let log = Log()
    try await scope(for: .seconds(15)) { scope in
      scope.schedule(.every(.seconds(10)), name: "poll") { run in
        log.add(currentTask?.name ?? "")
        log.add(allTasks.map(\.name).sorted().joined(separator: "; "))
      }
      let unnamed = scope.schedule(.every(.seconds(60))) { _ in }
      #expect(unnamed.name.hasPrefix("job at SchedulingTests/SchedulerTests.swift:"))
      #expect(unnamed.description.hasSuffix("(next at 2000-01-01T00:01:00Z)"))
    }
    #expect(log.entries.first == "poll 2000-01-01T00:00:10Z")
    #expect(log.entries.last?.contains("poll; poll 2000-01-01T00:00:10Z") == true)
  }

  @Test @MainActor func `a handler runs in the isolation of its place`() async throws {
    var count = 0
    try await withTaskScope { scope in
      scope.schedule(.every(.seconds(1))) { _ in
        MainActor.assertIsolated()
        count += 1
      }
      try await sleep(.milliseconds(3500))
      scope.cancel()
    }
    #expect(count == 3)
  }
}
