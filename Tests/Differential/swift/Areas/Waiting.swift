// SPDX-License-Identifier: Apache-2.0
// wait and asCompleted: what they wait for, and that they leave the tasks alone.

import AsyncIO

@MainActor func waiting(_ area: Area) {
  area.scenario("waiting_for_all") { log in
    let (tasks, events) = start(log, "a", "b")
    let steps = later(events["b"]!.set, events["a"]!.set)
    let (done, pending) = try await wait(tasks)
    log("done \(names(done)), pending \(names(pending))")
    try await steps.value
  }

  area.scenario("waiting_for_all_goes_on_after_an_error") { log in
    let (tasks, events) = start(log, "a", "fails")
    let steps = later(events["fails"]!.set, events["a"]!.set)
    let (done, pending) = try await wait(tasks)
    log("done \(names(done)), pending \(names(pending))")
    log(describe(tasks[1].result))
    try await steps.value
  }

  area.scenario("waiting_for_the_first") { log in
    let (tasks, events) = start(log, "a", "b", "c")
    let steps = later(events["b"]!.set)
    let (done, pending) = try await wait(tasks, returnWhen: .firstCompleted)
    log("done \(names(done)), pending \(names(pending))")
    try await steps.value
    events["a"]!.set()
    events["c"]!.set()
    try await rest()
  }

  area.scenario("waiting_for_the_first_of_two_that_end_together") { log in
    let (tasks, events) = start(log, "a", "b", "c")
    let steps = later {
      events["b"]!.set()
      events["a"]!.set()
    }
    let (done, pending) = try await wait(tasks, returnWhen: .firstCompleted)
    log("done \(names(done)), pending \(names(pending))")
    try await steps.value
    events["c"]!.set()
    try await rest()
  }

  area.scenario("waiting_for_the_first_error") { log in
    let (tasks, events) = start(log, "a", "b", "fails")
    let steps = later(events["a"]!.set, events["fails"]!.set)
    let (done, pending) = try await wait(tasks, returnWhen: .firstException)
    log("done \(names(done)), pending \(names(pending))")
    log(describe(tasks[2].result))
    try await steps.value
    events["b"]!.set()
    try await rest()
  }

  area.scenario("waiting_for_the_first_error_when_there_is_none") { log in
    let (tasks, events) = start(log, "a", "b")
    let steps = later(events["b"]!.set, events["a"]!.set)
    let (done, pending) = try await wait(tasks, returnWhen: .firstException)
    log("done \(names(done)), pending \(names(pending))")
    try await steps.value
  }

  area.scenario("a_cancelled_task_is_not_the_first_error") { log in
    let (tasks, events) = start(log, "a", "b")
    let steps = later({ tasks[0].cancel() }, events["b"]!.set)
    let (done, pending) = try await wait(tasks, returnWhen: .firstException)
    log("done \(names(done)), pending \(names(pending))")
    log("cancelled \(names(done.filter(\.isCancelled)))")
    try await steps.value
  }

  area.scenario("a_wait_that_runs_out_of_time") { log in
    let (tasks, events) = start(log, "a", "b")
    events["a"]!.set()
    let (done, pending) = try await wait(tasks, timeout: .milliseconds(5))
    log("done \(names(done)), pending \(names(pending))")
    try await rest()
    log("cancelled \(tasks[1].isCancelled)")
    events["b"]!.set()
    _ = try await tasks[1].value
  }

  area.scenario("a_wait_without_time") { log in
    let (tasks, events) = start(log, "a", "b")
    events["a"]!.set()
    try await rest()
    let (done, pending) = try await wait(tasks, timeout: .zero)
    log("done \(names(done)), pending \(names(pending))")
    events["b"]!.set()
    _ = try await tasks[1].value
  }

  area.scenario("a_wait_that_has_time_enough") { log in
    let (tasks, events) = start(log, "a")
    let steps = later(events["a"]!.set)
    let (done, pending) = try await wait(tasks, timeout: .seconds(3600))
    log("done \(names(done)), pending \(names(pending))")
    try await steps.value
  }

  area.scenario(
    "waiting_for_finished_tasks_takes_no_turn",
    differs: "what is there already takes no turn, where asyncio waits for its own callbacks",
    expects: ["a ends", "b ends", "done [a, b], pending []", "others run"]
  ) { log in
    let (tasks, events) = start(log, "a", "b")
    events["a"]!.set()
    events["b"]!.set()
    try await rest()
    EventLoop.current.callSoon { log("others run") }
    let (done, pending) = try await wait(tasks)
    log("done \(names(done)), pending \(names(pending))")
    try await rest()
  }

  area.scenario(
    "waiting_for_the_first_when_one_is_done",
    differs: "what is there already takes no turn, where asyncio waits for its own callbacks",
    expects: ["a ends", "done [a], pending [b]", "others run", "b ends"]
  ) { log in
    let (tasks, events) = start(log, "a", "b")
    events["a"]!.set()
    try await rest()
    EventLoop.current.callSoon { log("others run") }
    let (done, pending) = try await wait(tasks, returnWhen: .firstCompleted)
    log("done \(names(done)), pending \(names(pending))")
    events["b"]!.set()
    try await rest()
  }

  area.scenario("waiting_for_nothing_is_refused") { log in
    do { _ = try await wait([TaskHandle<Void>]()) } catch is MisuseError { log("refused") }
  }

  area.scenario("a_cancelled_wait_leaves_the_tasks_alone") { log in
    let (tasks, events) = start(log, "a", "b")
    let waiter = createTask {
      do { _ = try await wait(tasks) } catch {
        log("wait \(describe(error))")
        throw error
      }
    }
    try await rest()
    waiter.cancel()
    try await rest()
    log("done \(names(tasks.filter(\.isDone)))")
    events["a"]!.set()
    events["b"]!.set()
    try await rest()
  }

  area.scenario("a_wait_over_futures") { log in
    let (a, b) = (Future<Int>(), Future<Int>())
    let steps = later { b.setResult(42) }
    let (done, pending) = try await wait([a, b], returnWhen: .firstCompleted)
    log("\(done.count) done, \(pending.count) pending, \(describe(done.first?.result))")
    try await steps.value
  }

  area.scenario("completed_ones_come_in_the_order_of_their_ends") { log in
    let (tasks, events) = start(log, "a", "b", "c")
    let steps = later(events["c"]!.set, events["a"]!.set, events["b"]!.set)
    for try await next in asCompleted(tasks) { log("got \(try await next.value)") }
    try await steps.value
  }

  area.scenario("finished_ones_are_completed_at_once") { log in
    let (tasks, events) = start(log, "a", "b", "c")
    events["b"]!.set()
    try await rest()
    let steps = later(events["c"]!.set, events["a"]!.set)
    for try await next in asCompleted(tasks) { log("got \(try await next.value)") }
    try await steps.value
  }

  area.scenario("completed_ones_are_the_tasks_themselves") { log in
    let (tasks, events) = start(log, "a", "b")
    let steps = later(events["b"]!.set, events["a"]!.set)
    for try await task in asCompleted(tasks) {
      log("got \(task.name), one of them \(tasks.contains { $0 === task })")
    }
    try await steps.value
  }

  area.scenario("a_completed_one_that_failed") { log in
    let (tasks, events) = start(log, "a", "fails")
    let steps = later(events["fails"]!.set, events["a"]!.set)
    for try await task in asCompleted(tasks) {
      do { log("got \(try await task.value)") } catch { log("\(task.name) \(describe(error))") }
    }
    try await steps.value
  }

  area.scenario("completed_ones_until_the_time_is_up") { log in
    let (tasks, events) = start(log, "a", "b")
    events["a"]!.set()
    do {
      for try await task in asCompleted(tasks, timeout: .milliseconds(5)) { log("got \(task.name)") }
    } catch { log(describe(error)) }
    try await rest()
    log("cancelled \(tasks[1].isCancelled)")
    events["b"]!.set()
    _ = try await tasks[1].value
  }

  area.scenario("leaving_the_completed_ones_early") { log in
    let (tasks, events) = start(log, "a", "b")
    events["b"]!.set()
    for try await task in asCompleted(tasks) {
      log("got \(task.name)")
      break
    }
    events["a"]!.set()
    _ = try await tasks[0].value
  }

  area.scenario("the_completed_of_none") { log in
    for try await _ in asCompleted([TaskHandle<Void>]()) { log("one") }
    log("none")
  }
}

/// Tasks with these names, each of which ends when its event is set; the one named `fails` throws.
@MainActor private func start(_ log: Log, _ names: String...) -> ([TaskHandle<String>], [String: Event]) {
  let events = Dictionary(uniqueKeysWithValues: names.map { ($0, Event()) })
  let tasks = names.map { name in
    createTask(name: name) {
      try await events[name]!.wait()
      if name == "fails" { throw Failure("boom") }
      log("\(name) ends")
      return name
    }
  }
  return (tasks, events)
}

/// Takes one step after another, each when all tasks wait.
@MainActor private func later(_ steps: @Sendable () -> Void...) -> TaskHandle<Void> {
  createTask {
    for step in steps {
      try await rest()
      step()
    }
  }
}

private func names(_ tasks: [TaskHandle<String>]) -> String {
  "[\(tasks.map(\.name).sorted().joined(separator: ", "))]"
}
