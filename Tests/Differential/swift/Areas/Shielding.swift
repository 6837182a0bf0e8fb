// SPDX-License-Identifier: Apache-2.0
// shield: what it protects from cancellation, and what it doesn't.

import AsyncIO

@MainActor func shielding(_ area: Area) {
  area.scenario("a_shielded_task_gives_its_result") { log in
    let inner = createTask {
      try await sleep(.zero)
      return 42
    }
    log("\(try await shield(inner))")
  }

  area.scenario("a_shielded_task_raises_its_error") { log in
    let inner = createTask { throw Failure("boom") }
    do { try await shield(inner) } catch { log(describe(error)) }
  }

  area.scenario("a_shielded_task_goes_on_when_its_awaiter_is_cancelled") { log in
    let released = Event()
    let inner = createTask {
      try await released.wait()
      log("inner goes on")
      return 42
    }
    let outer = createTask {
      do {
        _ = try await shield(inner)
      } catch {
        log("outer \(describe(error))")
        throw error
      }
    }
    try await rest()
    outer.cancel()
    try await rest()
    log("outer cancelled \(outer.isCancelled), inner done \(inner.isDone)")
    released.set()
    log("\(try await inner.value)")
  }

  area.scenario("cancelling_the_shielded_task_itself") { log in
    let inner = createTask { try await forever() }
    let outer = createTask {
      do {
        try await shield(inner)
      } catch {
        log("outer \(describe(error)), cancelled itself \(Task.isCancelled)")
      }
    }
    try await rest()
    inner.cancel()
    try await outer.value
  }

  area.scenario("an_error_after_the_awaiter_has_left_is_reported") { log in
    EventLoop.current.setExceptionHandler { _, context in log(describe(context.error!)) }
    let released = Event()
    var inner: TaskHandle<Void>? = createTask {
      try await released.wait()
      throw Failure("boom")
    }
    let outer = createTask { [inner] in try await shield(inner!) }
    try await rest()
    outer.cancel()
    try await rest()
    released.set()
    try await rest()
    log(inner!.isDone ? "inner is done" : "inner waits")
    inner = nil
    try await rest()
  }

  area.scenario("a_finished_task_is_shielded_without_a_turn") { log in
    let task = createTask { 42 }
    try await rest()
    EventLoop.current.callSoon { log("others run") }
    log("\(try await shield(task))")
    try await sleep(.zero)
  }

  area.scenario("a_timeout_around_a_shield") { log in
    let released = Event()
    let task = createTask {
      try await released.wait()
      log("inner goes on")
    }
    do { try await withTimeout(.milliseconds(5)) { try await shield(task) } } catch { log(describe(error)) }
    released.set()
    try await task.value
  }

  area.scenario("two_awaiters_of_a_shielded_task") { log in
    let released = Event()
    let task = createTask {
      try await released.wait()
      return 42
    }
    let awaiting = ["a", "b"].map { name in
      createTask {
        do {
          log("\(name) \(try await shield(task))")
        } catch {
          log("\(name) \(describe(error))")
          throw error
        }
      }
    }
    try await rest()
    awaiting[0].cancel()
    try await rest()
    released.set()
    try await awaiting[1].value
  }

  area.scenario("an_awaiter_that_leaves_does_not_change_the_order_of_the_others") { log in
    let released = Event()
    let task = createTask { try await released.wait() }
    let outers = ["a", "b", "c", "d"].map { name in
      createTask {
        try await shield(task)
        log(name)
      }
    }
    try await rest()
    outers[0].cancel()
    try await rest()
    released.set()
    try await rest()
  }

  // The form with a body, which waits for it.
  area.scenario("clean_up_that_must_end") { log in
    let released = Event()
    let task = createTask {
      do {
        try await forever()
      } catch {
        try await shield {
          log("clean-up begins")
          try await released.wait()
          log("clean-up ends")
        }
        log("body ends")
        throw error
      }
    }
    try await rest()
    task.cancel()
    try await rest()
    task.cancel()
    try await rest()
    released.set()
    try await rest()
    log("cancelled \(task.isCancelled)")
  }
}
