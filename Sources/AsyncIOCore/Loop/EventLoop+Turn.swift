// SPDX-License-Identifier: Apache-2.0
// A turn, like asyncio's `_run_once`. It hands submissions to the backend and takes completions: without blocking if
// jobs are ready, else until the next timer. It makes due timers ready. Then it runs exactly the jobs that are ready
// now, in their order. Jobs that these make ready wait for the next turn. So a job that always re-enqueues itself
// shares the loop with everything else.
//
// While jobs are ready, the backend is asked without blocking, and not in every turn. A turn can be one short job, and
// a system call costs as much as several. It is asked after `pollInterval` jobs at the latest, or when it has something
// in hand anyway. That bounds how long I/O waits behind ready jobs.
//
// A turn of thousands of jobs takes milliseconds, and a timer that falls due meanwhile would wait for its end. So such
// a turn looks at the timers now and then. Due timers go ahead of the remaining jobs, since they have waited already.
// Their number is limited each time, so that timers that re-arm themselves cannot hold up the jobs.
//
// Benchmark: yield, yield1.

import Synchronization

extension EventLoop {
  /// How many jobs may run between two looks at the backend and the timers.
  private static var pollInterval: Int { 16 }
  /// How many jobs a turn runs between two looks at the timers, a power of two, and how many timers may go ahead each
  /// time.
  private static var expediteInterval: Int { 256 }
  private static var mostExpedited: Int { 128 }

  func turn() {
    if !inbox.looksEmpty { inbox.drain(into: &ready) }
    if ready.isEmpty {
      sleep()
    } else if counters.jobsSincePoll >= EventLoop.pollInterval || backend.wantsTurn {
      counters.jobsSincePoll = 0
      backend.turn(until: .min, of: self)
      if !timers.isEmpty { fireTimers() }
    }

    let end = ready.tail
    if shuffle != nil { shuffleReady(upTo: end) }
    var jobs = 0
    while ready.head != end {
      // With many jobs, the next ones are not in the cache: prefetch them while this one runs.
      if end &- ready.head > 8 { ready.prefetch(ahead: 4) }
      run(ready.removeFirst())
      jobs &+= 1
      if jobs & (EventLoop.expediteInterval - 1) == 0 && !timers.isEmpty { expediteTimers() }
    }
    // Work that completions make ready does not come from a job.
    runningKind = isMain ? .main : .preferring
    counters.turns &+= 1
    counters.jobs &+= jobs
    counters.jobsSincePoll &+= jobs
    if jobs > counters.deepestTurn { counters.deepestTurn = jobs }
  }

  /// Waits for the backend, for the next timer, or for another thread, when nothing is ready.
  private func sleep() {
    counters.jobsSincePoll = 0
    let deadline = wakeTime()
    isSleeping.store(true, ordering: .sequentiallyConsistent)
    if inbox.isEmpty && !stopRequested {
      heartbeat.sleeps()
      backend.turn(until: deadline, of: self)
      heartbeat.wakes()
    } else {
      backend.turn(until: .min, of: self)
    }
    isSleeping.store(false, ordering: .relaxed)
    if !inbox.looksEmpty { inbox.drain(into: &ready) }
    if deadline != nil {
      fireTimers()
    } else if namesTasks {
      // Without timers, only reports need the time.
      cachedTime = backend.now
    }
  }

  /// When to wake for the timers. A wake-up costs some ten microseconds: a system call, a context switch, cold caches.
  /// So among many timers, those due close together share one, and may be late by that interval. A loop with few timers
  /// wakes for each when it is due.
  private func wakeTime() -> Int64? {
    guard let deadline = timers.nextDeadline() else { return nil }
    switch timers.count {
    case ...64: return deadline
    case ...4096: return backend.coalesced(deadline, within: 200_000)
    default: return backend.coalesced(deadline, within: 1_000_000)
    }
  }

  private func fireTimers() {
    cachedTime = backend.now
    while let action = timers.popDue(cachedTime) { fire(action) }
  }

  /// Makes due timers ready within a turn, ahead of the remaining jobs.
  private func expediteTimers() {
    cachedTime = backend.now
    let before = ready.tail
    while ready.tail &- before < EventLoop.mostExpedited, let action = timers.popDue(cachedTime) { fire(action) }
    ready.moveToFront(last: ready.tail &- before)
  }

  private func fire(_ action: TimerAction) {
    switch action {
    case .endWait(let id): expireWait(id)
    case .run(let item, _): ready.append(item)
    case .call(let handle): ready.append(ReadyItem(handle))
    case .expire(let node): expire(node)
    }
  }

  @inline(__always)
  private func run(_ item: ReadyItem) {
    heartbeat.beats()
    let kind = item.kind
    runningKind = kind
    runningJob = item.word
    budget = EventLoop.fullBudget
    switch kind {
    case .main: unsafe item.job.runSynchronously(on: unownedMain)
    case .routed: unsafe item.job.runSynchronously(on: unownedRouter)
    case .preferring: unsafe item.job.runSynchronously(on: unownedPreference)
    case .serial: unsafe item.job.runSynchronously(isolatedTo: unownedSerial, taskExecutor: unownedPreference)
    case .handle:
      runningKind = isMain ? .main : .preferring
      item.takeHandle().call()
    }
  }

  private func shuffleReady(upTo end: Int) {
    guard var random = shuffle else { return }
    ready.shuffle(upTo: end, using: &random)
    shuffle = random
  }
}
