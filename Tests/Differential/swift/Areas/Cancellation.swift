// SPDX-License-Identifier: Apache-2.0
// Cancelling tasks: when it arrives, refusing it, and its effect on waiting tasks.

import AsyncIO

@MainActor func cancellation(_ area: Area) {
  area.scenario(
    "a_task_cancelled_before_its_first_step",
    differs: "a task of Swift's always runs its body, and is told at its first wait",
    expects: ["cancel true", "body runs", "cancelled", "cancelled true"]
  ) { log in
    let task = createTask {
      log("body runs")
      try await sleep(.zero)
      log("and goes on")
    }
    log("cancel \(task.cancel())")
    do { try await task.value } catch { log(describe(error)) }
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("cancelling_a_task_that_waits") { log in
    let task = createTask {
      defer { log("clean-up") }
      try await forever()
    }
    try await rest()
    log("cancel \(task.cancel())")
    log("done \(task.isDone)")
    do { try await task.value } catch { log(describe(error)) }
    log("done \(task.isDone), cancelled \(task.isCancelled)")
  }

  area.scenario("cancelled_tasks_end_in_the_order_of_cancelling") { log in
    let tasks = ["a", "b", "c"].map { name in
      createTask {
        defer { log(name) }
        try await forever()
      }
    }
    try await rest()
    for index in [2, 0, 1] { tasks[index].cancel() }
    try await rest()
  }

  area.scenario("a_cancel_that_is_caught_is_refused") { log in
    let task = createTask {
      do { try await forever() } catch { log("refused") }
      return 42
    }
    try await rest()
    task.cancel()
    log("\(try await task.value)")
    log("cancelled \(task.isCancelled)")
  }

  area.scenario(
    "a_refused_cancel_and_the_next_wait",
    differs: "a cancellation of Swift's stays: every later wait ends with it too, unless it is shielded",
    expects: ["refused", "cancelled again", "cancelled false"]
  ) { log in
    let task = createTask {
      do { try await forever() } catch { log("refused") }
      do {
        try await sleep(.milliseconds(1))
        log("slept on")
      } catch {
        log("cancelled again")
      }
    }
    try await rest()
    task.cancel()
    try await task.value
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("a_cancelled_task_that_raises_another_error") { log in
    let task = createTask {
      do { try await forever() } catch { throw Failure("clean-up failed") }
    }
    try await rest()
    task.cancel()
    do { try await task.value } catch { log(describe(error)) }
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("cancelling_twice_before_the_task_runs") { log in
    let task = createTask {
      defer { log("cancelled once") }
      try await forever()
    }
    try await rest()
    log("cancel \(task.cancel())")
    log("cancel \(task.cancel())")
    try await rest()
    log("cancelled \(task.isCancelled)")
  }

  area.scenario(
    "cancelling_again_during_the_clean_up",
    differs: "clean-up that waits has to be shielded, and then a second cancel doesn't disturb it",
    expects: ["clean-up begins", "cancelling again", "cancel true", "clean-up ends", "cancelled"]
  ) { log in
    let released = Event()
    let task = createTask {
      do {
        try await forever()
      } catch {
        log("clean-up begins")
        try await shield {
          try await released.wait()
          log("clean-up ends")
        }
        throw error
      }
    }
    try await rest()
    task.cancel()
    try await rest()
    log("cancelling again")
    log("cancel \(task.cancel())")
    try await rest()
    released.set()
    do { try await task.value } catch { log(describe(error)) }
  }

  area.scenario("cancelling_a_finished_task") { log in
    let task = createTask { 42 }
    _ = try await task.value
    log("cancel \(task.cancel())")
    log("cancelled \(task.isCancelled), \(describe(task.result))")
  }

  area.scenario("cancelling_a_cancelled_task") { log in
    let task = createTask { try await forever() }
    try await rest()
    log("cancel \(task.cancel())")
    try await rest()
    log("cancel \(task.cancel())")
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("a_task_cancels_itself") { log in
    let task = createTask {
      currentTask?.cancel()
      log("still runs")
      do {
        try await sleep(.milliseconds(1))
        log("slept")
      } catch {
        log("cancelled at the next wait")
        throw error
      }
    }
    try await rest()
    log("cancelled \(task.isCancelled)")
  }

  area.scenario(
    "a_task_that_never_waits_again_is_not_cancelled",
    differs: "a value that has arrived beats a cancellation: what the body returns counts",
    expects: ["42", "cancelled false"]
  ) { log in
    let task = createTask {
      currentTask?.cancel()
      return 42
    }
    log("\(try await task.value)")
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("cancelling_an_awaiter_cancels_what_it_awaits") { log in
    let inner = createTask {
      defer { log("inner clean-up") }
      try await forever()
    }
    let outer = createTask {
      defer { log("outer clean-up") }
      try await inner.value
    }
    try await rest()
    outer.cancel()
    try await rest()
    log("inner cancelled \(inner.isCancelled), outer cancelled \(outer.isCancelled)")
  }

  area.scenario("an_awaiter_waits_for_the_clean_up_of_what_it_awaits") { log in
    let released = Event()
    let inner = createTask {
      do {
        try await forever()
      } catch {
        log("inner clean-up begins")
        try await shield { try await released.wait() }
        log("inner clean-up ends")
        throw error
      }
    }
    let outer = createTask {
      defer { log("outer clean-up") }
      try await inner.value
    }
    try await rest()
    outer.cancel()
    try await rest()
    log("releasing")
    released.set()
    try await rest()
    log("outer done \(outer.isDone)")
  }

  area.scenario("an_awaited_task_that_refuses_spares_its_awaiter") { log in
    let inner = createTask {
      do { try await forever() } catch {}
      return 42
    }
    let outer = createTask { log("inner returned \(try await inner.value)") }
    try await rest()
    outer.cancel()
    try await rest()
    log("outer cancelled \(outer.isCancelled)")
  }

  area.scenario("other_awaiters_of_a_cancelled_task_are_told") { log in
    let task = createTask { try await forever() }
    let awaiting = ["a", "b"].map { name in
      createTask {
        do { try await task.value } catch { log("\(name) sees it, cancelled itself \(Task.isCancelled)") }
      }
    }
    try await rest()
    task.cancel()
    for awaiter in awaiting { try await awaiter.value }
  }

  area.scenario(
    "a_cancel_that_comes_with_the_result",
    differs: "a value that has arrived beats a cancellation",
    expects: ["outer gets 42", "outer cancelled false"]
  ) { log in
    let inner = createTask {
      try await sleep(.zero)
      return 42
    }
    let outer = createTask { log("outer gets \(try await inner.value)") }
    // Called back in the turn in which the outer task is to be woken with the result.
    inner.addDoneCallback { _ in outer.cancel() }
    try await rest()
    log("outer cancelled \(outer.isCancelled)")
  }

  area.scenario("a_cancel_has_a_message") { log in
    let task = createTask {
      defer { log("because \(currentCancelReason?.message ?? "nobody knows")") }
      try await forever()
    }
    try await rest()
    task.cancel("of the weather")
    try await rest()
  }

  area.scenario("a_parent_does_not_take_its_tasks_with_it") { log in
    let released = Event()
    var children: [TaskHandle<Void>] = []
    let parent = createTask {
      children.append(
        createTask {
          try await released.wait()
          log("child goes on")
        })
      try await forever()
    }
    try await rest()
    parent.cancel()
    try await rest()
    log("parent cancelled \(parent.isCancelled)")
    released.set()
    try await children[0].value
  }
}
