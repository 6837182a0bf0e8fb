// SPDX-License-Identifier: Apache-2.0
// gather: its results, its errors, and its effect on the other tasks. With tasks it works as in asyncio. With closures
// it is structured, and differs where one fails.

import AsyncIO

@MainActor func gathering(_ area: Area) {
  area.scenario("results_come_in_the_order_of_the_arguments") { log in
    func body(_ name: String, _ milliseconds: Int) async throws -> String {
      try await sleep(.milliseconds(milliseconds))
      log("\(name) done")
      return name
    }
    let (a, b, c) = try await gather(
      { try await body("a", 20) }, { try await body("b", 1) }, { try await body("c", 10) })
    log([a, b, c].joined(separator: ", "))
  }

  area.scenario("what_is_gathered_starts_in_order") { log in
    func body(_ name: String) async throws {
      log("\(name) starts")
      try await sleep(.zero)
      log("\(name) ends")
    }
    _ = try await gather({ try await body("a") }, { try await body("b") }, { try await body("c") })
    log("gathered")
  }

  area.scenario("results_of_two_kinds") { log in
    let (a, b) = try await gather({ 42 }, { "text" })
    log("\(a) \(b)")
  }

  area.scenario("nothing_is_gathered_from_nothing") { log in
    log("\(try await gather([TaskHandle<Int>]()).count) results")
  }

  area.scenario(
    "a_gather_of_coroutines_in_which_one_fails",
    differs: "what gather starts itself doesn't outlive it: the others are cancelled and awaited",
    expects: ["the other is cancelled", "boom"]
  ) { log in
    let released = Event()
    do {
      _ = try await gather(
        {
          do {
            try await released.wait()
            log("the other goes on")
          } catch {
            log("the other is \(describe(error))")
            throw error
          }
        }, { throw Failure("boom") })
    } catch {
      log(describe(error))
    }
    released.set()
    try await rest()
  }

  area.scenario("the_first_error_is_raised_while_the_others_go_on") { log in
    let released = Event()
    let works = createTask {
      try await released.wait()
      log("the other goes on")
      return 42
    }
    let fails = createTask { throw Failure("boom") }
    do { _ = try await gather(works, fails) } catch { log(describe(error)) }
    log("the other is done \(works.isDone)")
    released.set()
    log("\(try await works.value)")
  }

  area.scenario("a_second_error_is_not_raised") { log in
    let tasks = [("late", 20), ("early", 1)].map { name, turns in
      createTask {
        for _ in 0..<turns { try await sleep(.zero) }
        log("\(name) fails")
        throw Failure(name)
      }
    }
    do { _ = try await gather(tasks) } catch { log("raised \(describe(error))") }
    try await rest()
    log("\(describe(tasks[0].result)) is kept")
  }

  area.scenario("errors_are_results_if_asked_for") { log in
    let tasks = [createTask { 42 }, createTask { throw Failure("boom") }, createTask { 42 }]
    log(try await gatherResults(tasks).map { describe($0) }.joined(separator: ", "))
  }

  area.scenario("a_cancelled_one_is_a_result_if_asked_for") { log in
    let tasks = [
      createTask {
        try await forever()
        return 0
      },
      createTask {
        try await sleep(.milliseconds(1))
        return 42
      },
    ]
    EventLoop.current.callSoon { tasks[0].cancel() }
    log(try await gatherResults(tasks).map { describe($0) }.joined(separator: ", "))
  }

  area.scenario("a_cancelled_one_is_an_error") { log in
    let released = Event()
    let tasks = [
      createTask { try await forever() },
      createTask {
        try await released.wait()
        log("the other goes on")
      },
    ]
    let gatherer = createTask {
      do { _ = try await gather(tasks) } catch { log(describe(error)) }
      log("itself cancelled \(Task.isCancelled)")
    }
    try await rest()
    tasks[0].cancel()
    try await gatherer.value
    released.set()
    try await rest()
  }

  area.scenario("cancelling_a_gather_cancels_all_and_waits_for_them") { log in
    let released = Event()
    let tasks = ["a", "b"].map { name in
      createTask {
        do {
          try await forever()
        } catch {
          log("\(name) clean-up begins")
          try await shield { try await released.wait() }
          log("\(name) clean-up ends")
          throw error
        }
      }
    }
    let gatherer = createTask {
      do { _ = try await gather(tasks) } catch {
        log("gather \(describe(error))")
        throw error
      }
    }
    try await rest()
    gatherer.cancel()
    try await rest()
    log("releasing")
    released.set()
    try await rest()
    log("cancelled \(gatherer.isCancelled), \(tasks.map(\.isCancelled))")
  }

  area.scenario("cancelling_a_gather_of_errors_as_results") { log in
    let tasks = (0..<2).map { _ in createTask { try await forever() } }
    let gatherer = createTask {
      do {
        _ = try await gatherResults(tasks)
        log("gathered")
      } catch {
        log("gather \(describe(error))")
        throw error
      }
    }
    try await rest()
    gatherer.cancel()
    try await rest()
    log("cancelled \(gatherer.isCancelled), \(tasks.map(\.isCancelled))")
  }

  area.scenario("cancelling_a_gather_whose_tasks_refuse") { log in
    let tasks = ["a", "b"].map { name in
      createTask {
        do { try await forever() } catch {}
        return name
      }
    }
    let gatherer = createTask {
      do {
        log("gathered \(try await gather(tasks).joined(separator: ", "))")
      } catch {
        log("gather \(describe(error))")
        throw error
      }
    }
    try await rest()
    gatherer.cancel()
    try await rest()
    log("cancelled \(gatherer.isCancelled), \(tasks.map { describe($0.result) }.joined(separator: ", "))")
  }

  area.scenario("a_gather_within_a_gather") { log in
    func body(_ name: String) async throws -> String {
      log(name)
      try await sleep(.zero)
      return name
    }
    let (first, second) = try await gather(
      { try await gather({ try await body("a") }, { try await body("b") }) },
      { try await gather({ try await body("c") }, { try await body("d") }) })
    log("\(first.0)\(first.1), \(second.0)\(second.1)")
  }

  area.scenario("an_error_within_a_gather_within_a_gather") { log in
    let released = Event()
    func body(_ name: String) -> TaskHandle<Void> {
      createTask {
        try await released.wait()
        log("\(name) goes on")
      }
    }
    let inner = [createTask { throw Failure("boom") }, body("inner")]
    let outer = [createTask { _ = try await gather(inner) }, body("outer")]
    do { _ = try await gather(outer) } catch { log(describe(error)) }
    released.set()
    try await rest()
  }

  area.scenario("finished_tasks_are_gathered") { log in
    let tasks = ["a", "b"].map { name in createTask { name } }
    try await rest()
    log(try await gather(tasks).joined(separator: ", "))
  }

  area.scenario("the_same_task_is_gathered_twice") { log in
    let task = createTask {
      log("runs")
      return 42
    }
    log(try await gather([task, task]).map(String.init).joined(separator: ", "))
  }
}
