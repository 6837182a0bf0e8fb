// SPDX-License-Identifier: Apache-2.0
// withTimeout: when it fires, which limit fires, and how the body responds.

import AsyncIO

@MainActor func timeouts(_ area: Area) {
  area.scenario("a_timeout_that_fires") { log in
    do {
      try await withTimeout(.milliseconds(5)) {
        do {
          try await forever()
        } catch {
          log("body \(describe(error))")
          throw error
        }
      }
    } catch { log(describe(error)) }
  }

  area.scenario("a_timeout_that_does_not_fire") { log in
    try await withTimeout(.seconds(3600)) {
      try await rest()
      log("body")
    }
    log("after")
  }

  area.scenario("a_body_that_fails_within_its_time") { log in
    do { try await withTimeout(.seconds(3600)) { throw Failure("boom") } } catch { log(describe(error)) }
  }

  area.scenario("a_body_that_fails_in_its_clean_up") { log in
    do {
      try await withTimeout(.milliseconds(5)) {
        do { try await forever() } catch { throw Failure("clean-up failed") }
      }
    } catch { log(describe(error)) }
  }

  area.scenario("a_body_that_swallows_the_cancellation") { log in
    let scope = try await withTimeout(.milliseconds(5)) { scope in
      do { try await forever() } catch { log("swallowed") }
      return scope
    }
    log("no error, expired \(scope.hasExpired)")
  }

  area.scenario("a_body_that_returns_a_value_in_its_clean_up") { log in
    let value = try await withTimeout(.milliseconds(5)) {
      do { try await forever() } catch { return "half of it" }
      return "all of it"
    }
    log(value)
  }

  area.scenario("the_task_goes_on_after_a_timeout") { log in
    for attempt in [1, 2] {
      do { try await withTimeout(.milliseconds(5)) { try await forever() } } catch {
        log("attempt \(attempt) \(describe(error))")
      }
    }
    try await sleep(.milliseconds(1))
    log("cancelled \(Task.isCancelled)")
  }

  area.scenario("the_inner_of_two_timeouts_fires") { log in
    try await withTimeout(.seconds(3600)) {
      do { try await withTimeout(.milliseconds(5)) { try await forever() } } catch {
        log("inner \(describe(error))")
      }
      try await sleep(.zero)
      log("outer goes on")
    }
    log("no outer timeout")
  }

  area.scenario("the_outer_of_two_timeouts_fires") { log in
    do {
      try await withTimeout(.milliseconds(5)) {
        do { try await withTimeout(.seconds(3600)) { try await forever() } } catch {
          log("inner \(describe(error))")
          throw error
        }
      }
    } catch { log("outer \(describe(error))") }
  }

  area.scenario("the_outer_timeout_fires_in_the_inner_clean_up") { log in
    do {
      try await withTimeout(.milliseconds(10)) {
        do {
          try await withTimeout(.milliseconds(1)) {
            do {
              try await forever()
            } catch {
              log("clean-up begins")
              try await shield { try await sleep(.milliseconds(20)) }
              log("clean-up ends")
              throw error
            }
          }
        } catch {
          log("inner \(describe(error))")
          throw error
        }
      }
    } catch { log("outer \(describe(error))") }
  }

  area.scenario("an_inner_timeout_is_not_mistaken_for_the_outer") { log in
    try await withTimeout(.seconds(3600)) { outer in
      var scope: CancelScope?
      do {
        try await withTimeout(.milliseconds(5)) { inner in
          scope = inner
          try await forever()
        }
      } catch {
        log("inner expired \(scope!.hasExpired), outer expired \(outer.hasExpired)")
      }
    }
  }

  area.scenario("a_timeout_error_of_the_body_passes") { log in
    let scope = try await withTimeout(.seconds(3600)) { scope in
      do { throw OwnTimeout() } catch { log("body timeout") }
      return scope
    }
    log("expired \(scope.hasExpired)")
  }

  area.scenario("cancelling_the_task_is_not_a_timeout") { log in
    let task = createTask {
      do { try await withTimeout(.seconds(3600)) { try await forever() } } catch {
        log(describe(error))
        throw error
      }
    }
    try await rest()
    task.cancel()
    try await rest()
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("cancelled_first_and_out_of_time_in_the_clean_up") { log in
    let released = Event()
    let task = createTask {
      do {
        try await withTimeout(.milliseconds(5)) { scope in
          do {
            try await forever()
          } catch {
            log("clean-up begins")
            try await shield { try await released.wait() }
            log("clean-up ends, expired \(scope.hasExpired)")
            throw error
          }
        }
      } catch {
        log(describe(error))
        throw error
      }
    }
    try await rest()
    task.cancel()
    try await sleep(.milliseconds(20))
    released.set()
    try await rest()
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("out_of_time_first_and_cancelled_in_the_clean_up") { log in
    let (cleaning, released) = (Event(), Event())
    let task = createTask {
      do {
        try await withTimeout(.milliseconds(1)) {
          do {
            try await forever()
          } catch {
            log("clean-up begins")
            cleaning.set()
            try await shield { try await released.wait() }
            throw error
          }
        }
      } catch {
        log(describe(error))
        throw error
      }
    }
    try await cleaning.wait()
    task.cancel()
    try await rest()
    released.set()
    try await rest()
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("a_timeout_in_the_past_lets_the_body_begin") { log in
    do {
      try await withTimeout(at: EventLoop.current.time.advanced(by: .seconds(-1))) {
        log("body begins")
        try await sleep(.zero)
        log("body goes on")
      }
    } catch { log(describe(error)) }
  }

  area.scenario("a_timeout_of_zero_lets_the_body_begin") { log in
    do {
      try await withTimeout(.zero) {
        log("body begins")
        try await sleep(.zero)
        log("body goes on")
      }
    } catch { log(describe(error)) }
  }

  area.scenario("a_body_that_never_waits_is_not_timed_out") { log in
    try await withTimeout(.zero) { log("body") }
    try await sleep(.zero)
    log("no error")
  }

  area.scenario("a_timeout_put_off") { log in
    let scope = try await withTimeout(.milliseconds(5)) { scope in
      scope.reschedule(after: .seconds(3600))
      try await sleep(.milliseconds(20))
      log("body ends")
      return scope
    }
    log("expired \(scope.hasExpired)")
  }

  area.scenario("a_timeout_brought_forward") { log in
    var kept: CancelScope?
    do {
      try await withTimeout(.seconds(3600)) { scope in
        kept = scope
        scope.reschedule(after: .milliseconds(5))
        try await forever()
      }
    } catch { log("\(describe(error)), expired \(kept!.hasExpired)") }
  }

  area.scenario("a_timeout_without_a_time_until_it_is_given_one") { log in
    do {
      try await withTimeout(at: nil) { scope in
        log(scope.deadline == nil ? "never" : "some time")
        scope.reschedule(after: .milliseconds(5))
        try await forever()
      }
    } catch { log(describe(error)) }
  }

  area.scenario("a_timeout_cancels_the_task_that_the_body_awaits") { log in
    let inner = createTask {
      do {
        try await forever()
      } catch {
        log("inner \(describe(error))")
        throw error
      }
    }
    do { try await withTimeout(.milliseconds(5)) { try await inner.value } } catch { log(describe(error)) }
    log("inner cancelled \(inner.isCancelled)")
  }

  area.scenario("a_timeout_spares_the_tasks_that_the_body_started") { log in
    let released = Event()
    var tasks: [TaskHandle<Void>] = []
    do {
      try await withTimeout(.milliseconds(5)) {
        tasks.append(
          createTask {
            try await released.wait()
            log("started task goes on")
          })
        try await forever()
      }
    } catch { log(describe(error)) }
    released.set()
    try await tasks[0].value
  }

  area.scenario("a_body_runs_in_the_task_that_has_the_timeout") { log in
    let task = createTask {
      let before = currentTask
      try await withTimeout(.seconds(3600)) {
        try await sleep(.zero)
        log("the same task \(currentTask === before)")
      }
    }
    try await task.value
  }

  area.scenario("a_timeout_starts_without_a_turn") { log in
    EventLoop.current.callSoon { log("others run") }
    try await withTimeout(.seconds(3600)) { log("body") }
    log("after")
    try await sleep(.zero)
  }

  area.scenario("two_timeouts_at_the_same_time") { log in
    let when = EventLoop.current.time.advanced(by: .milliseconds(5))
    do {
      try await withTimeout(at: when) {
        do { try await withTimeout(at: when) { try await forever() } } catch {
          log("inner \(describe(error))")
          throw error
        }
      }
    } catch { log("outer \(describe(error))") }
  }
}

/// A time-out error of the program itself.
private struct OwnTimeout: Error {}
