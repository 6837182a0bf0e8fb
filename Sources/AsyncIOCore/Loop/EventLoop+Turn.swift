// SPDX-License-Identifier: Apache-2.0
// A turn, as asyncio's `_run_once`: hand the backend what was asked for and take completions, without blocking if jobs
// are ready, else until the next timer; make due timers ready; then run exactly the jobs that are ready now, in their
// order. What those make ready waits for the next turn, so a job that always re-enqueues itself shares the loop with
// everything else.
//
// The backend is asked without blocking while jobs are ready, and not on every turn: a turn can be one short job, and a
// system call costs several of those. It is asked after `pollInterval` jobs at the latest, or when it has something in
// hand anyway. That bounds how long I/O waits behind ready jobs, whatever they do.
//
// A turn of thousands of jobs takes milliseconds, and a timer that falls due meanwhile would wait for its end. So such a
// turn looks at the timers now and then, and what is due goes ahead of the jobs that are left: it has waited already.
// How many may, each time, is bounded, so that timers which always come again cannot hold the jobs up.

import Synchronization

extension EventLoop {
  /// How many jobs may run between two looks at the backend and the timers.
  private static var pollInterval: Int { 16 }
  /// After how many jobs a turn looks at the timers, a power of two, and how many of them may go ahead then.
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
      // Among many jobs the next ones are not in the cache: load them while this one runs.
      if end &- ready.head > 8 { ready.prefetch(ahead: 4) }
      run(ready.removeFirst())
      jobs &+= 1
      if jobs & (EventLoop.expediteInterval - 1) == 0 && !timers.isEmpty { expediteTimers() }
    }
    // What completions make ready belongs to no job.
    runningKind = isMain ? .main : .preferring
    counters.turns &+= 1
    counters.jobs &+= jobs
    counters.jobsSincePoll &+= jobs
    if jobs > counters.deepestTurn { counters.deepestTurn = jobs }
  }

  /// Nothing is ready: waits for the backend, for the next timer, or for another thread.
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
      // Only reports want the time when no timer does.
      cachedTime = backend.now
    }
  }

  /// When to wake for the timers. A wake costs some ten microseconds: a system call, a context switch, cold caches. So
  /// among many timers those that are due close together share one, and are as late as that; a loop with few timers
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

  /// In the midst of a turn: makes due timers ready, ahead of the jobs that are left.
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
    case .expire(let node): node.cancel(CancelReason(.deadline))
    }
  }

  @inline(__always)
  private func run(_ item: ReadyItem) {
    heartbeat.beats()
    let kind = item.kind
    runningKind = kind
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
