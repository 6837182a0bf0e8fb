// SPDX-License-Identifier: Apache-2.0
// Tasks: when they start, the results of awaiting them, their names, and their listings.

import AsyncIO

@MainActor func tasks(_ area: Area) {
  area.scenario("a_task_starts_in_the_next_turn") { log in
    let task = createTask { log("task") }
    log("created")
    try await sleep(.zero)
    log("done \(task.isDone)")
  }

  area.scenario("tasks_start_in_the_order_of_their_creation") { log in
    @MainActor func body(_ name: String) {
      log(name)
      if name == "b" { createTask { body("added by b") } }
    }
    let tasks = ["a", "b", "c"].map { name in createTask { body(name) } }
    for task in tasks { try await task.value }
    try await rest()
  }

  area.scenario("a_coroutine_runs_only_when_it_is_awaited") { log in
    let body = { () async in log("runs") }
    try await rest()
    log("before")
    await body()
  }

  area.scenario("awaiting_a_task_gives_its_result") { log in
    let task = createTask {
      try await sleep(.zero)
      return 42
    }
    log("done \(task.isDone)")
    log("\(try await task.value)")
    log("done \(task.isDone), \(try task.result!.get())")
    log("again \(try await task.value)")
  }

  area.scenario("awaiting_a_task_raises_its_error") { log in
    let task = createTask {
      try await sleep(.zero)
      throw Failure("boom")
    }
    for attempt in ["first", "second"] {
      do { try await task.value } catch { log("\(attempt) \(describe(error))") }
    }
    log("done \(task.isDone), cancelled \(task.isCancelled), \(describe(task.result))")
  }

  area.scenario("awaiting_a_finished_task_takes_no_turn") { log in
    let task = createTask { 42 }
    try await rest()
    EventLoop.current.callSoon { log("others run") }
    log("\(try await task.value)")
    try await sleep(.zero)
  }

  area.scenario("a_pending_task_has_no_result") { log in
    let task = createTask { try await forever() }
    if task.result == nil { log("no result") }
    task.cancel()
  }

  area.scenario("a_task_is_awaited_from_two_places") { log in
    let task = createTask {
      log("runs")
      try await sleep(.milliseconds(1))
      return 42
    }
    let awaiting = ["a", "b"].map { name in createTask { log("\(name) \(try await task.value)") } }
    for awaiter in awaiting { try await awaiter.value }
  }

  area.scenario("a_failing_task_is_awaited_from_two_places") { log in
    let task = createTask {
      try await sleep(.milliseconds(1))
      throw Failure("boom")
    }
    let awaiting = ["a", "b"].map { name in
      createTask { do { try await task.value } catch { log("\(name) \(describe(error))") } }
    }
    for awaiter in awaiting { try await awaiter.value }
  }

  area.scenario("who_finishes_first_wakes_its_awaiter_first") { log in
    let slow = createTask { try await sleep(.milliseconds(20)) }
    let fast = createTask { try await sleep(.milliseconds(1)) }
    let awaiting = [("slow", slow), ("fast", fast)].map { name, task in
      createTask {
        try await task.value
        log(name)
      }
    }
    for awaiter in awaiting { try await awaiter.value }
  }

  area.scenario("done_callbacks_come_in_their_order") { log in
    let task = createTask { log("body") }
    task.addDoneCallback { _ in log("first") }
    task.addDoneCallback { _ in log("second") }
    try await rest()
    task.addDoneCallback { _ in log("late") }
    log("added")
    try await sleep(.zero)
  }

  area.scenario("a_done_callback_runs_a_turn_after_the_end") { log in
    let loop = EventLoop.current
    let task = createTask {
      log("body")
      loop.callSoon { log("callback") }
    }
    task.addDoneCallback { _ in log("done") }
    loop.callSoon { log("ready") }
    try await rest()
  }

  area.scenario("awaiters_and_done_callbacks_share_one_line") { log in
    let task = createTask { try await sleep(.milliseconds(1)) }
    task.addDoneCallback { _ in log("callback 1") }
    let awaiting = createTask {
      try await task.value
      log("awaiter")
    }
    try await rest()
    task.addDoneCallback { _ in log("callback 2") }
    try await awaiting.value
    try await rest()
  }

  area.scenario("a_done_callback_sees_how_the_task_ended") { log in
    let tasks = [
      createTask { 42 },
      createTask { throw Failure("boom") },
      createTask {
        try await forever()
        return 0
      },
    ]
    for task in tasks { task.addDoneCallback { [unowned task] _ in log(describe(task.result)) } }
    try await rest()
    tasks[2].cancel()
    try await rest()
  }

  area.scenario("a_task_has_the_name_it_was_given") { log in
    let task = createTask(name: "a name") {
      log(currentTask?.name ?? "none")
      try await sleep(.zero)
      log(currentTask?.name ?? "none")
    }
    log(task.name)
    try await sleep(.zero)
    task.name = "another name"
    try await task.value
  }

  area.scenario("the_current_task_is_the_one_that_runs") { log in
    var tasks: [TaskHandle<Void>] = []
    tasks.append(
      createTask {
        log("inside \(currentTask === tasks[0])")
        try await sleep(.zero)
        log("later \(currentTask === tasks[0])")
      })
    log("outside \(currentTask === tasks[0])")
    try await tasks[0].value
  }

  area.scenario("a_callback_is_of_no_task") { log in
    let task = createTask {
      EventLoop.current.callSoon { log(currentTask == nil ? "no task" : "a task") }
      try await sleep(.zero)
      log(currentTask == nil ? "no task" : "a task")
    }
    try await task.value
  }

  area.scenario("a_done_callback_is_of_no_task") { log in
    let task = createTask {
      let short = createTask { try await sleep(.zero) }
      short.addDoneCallback { _ in log(currentTask == nil ? "no task" : "a task") }
      try await short.value
    }
    try await task.value
    try await rest()
  }

  area.scenario("the_body_of_the_run_is_a_task") { log in
    let main = currentTask
    log(main == nil ? "no task" : "a task")
    log("one of all \(allTasks.contains { $0 === main }), done \(main?.isDone ?? true)")
  }

  area.scenario("all_tasks_are_those_that_are_not_done") { log in
    let main = currentTask
    func names() -> [String] { allTasks.filter { $0 !== main }.map(\.name).sorted() }
    let a = createTask(name: "a") {}
    let b = createTask(name: "b") { try await forever() }
    log(names().joined(separator: ", "))
    try await a.value
    log(names().joined(separator: ", "))
    b.cancel()
    try await rest()
    log("\(names().count) left")
  }

  area.scenario("an_error_that_nobody_awaits_is_reported") { log in
    EventLoop.current.setExceptionHandler { _, context in log(describe(context.error!)) }
    var task: TaskHandle<Void>? = createTask { throw Failure("boom") }
    try await rest()
    log(task == nil ? "not held" : "still held")
    task = nil
    try await rest()
    log("dropped")
  }

  area.scenario("an_error_that_was_awaited_is_not_reported") { log in
    EventLoop.current.setExceptionHandler { _, _ in log("reported") }
    var task: TaskHandle<Void>? = createTask { throw Failure("boom") }
    do { try await task!.value } catch { log("awaited") }
    task = nil
    try await rest()
  }

  area.scenario("an_eager_task_runs_to_its_first_wait_at_once") { log in
    log("before")
    let task = createTask(eagerStart: true) {
      log("first part")
      try await sleep(.zero)
      log("second part")
    }
    log("after")
    try await task.value
  }

  area.scenario("an_eager_task_that_never_waits_is_done_at_once") { log in
    let task = createTask(eagerStart: true) {
      log("runs")
      return 42
    }
    log("done \(task.isDone)")
    log("\(try await task.value)")
  }

  area.scenario("an_eager_task_is_the_current_one_meanwhile") { log in
    currentTask?.name = "main"
    let task = createTask(name: "eager", eagerStart: true) {
      log(currentTask?.name ?? "none")
      try await sleep(.zero)
      log(currentTask?.name ?? "none")
    }
    log(currentTask?.name ?? "none")
    try await task.value
  }

  area.scenario("an_eager_task_goes_ahead_of_tasks_that_were_created_before") { log in
    let tasks = [createTask { log("ordinary") }, createTask(eagerStart: true) { log("eager") }]
    for task in tasks { try await task.value }
  }

  area.scenario("an_eager_task_that_fails_raises_where_it_is_awaited") { log in
    let task = createTask(eagerStart: true) { throw Failure("boom") }
    log("done \(task.isDone)")
    do { try await task.value } catch { log(describe(error)) }
  }
}
