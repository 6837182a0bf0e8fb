// SPDX-License-Identifier: Apache-2.0
// The order of execution: functions that take turns, and sleep.

import AsyncIO

@MainActor func turns(_ area: Area) {
  area.scenario("hello_world_twice") { log in
    func sayHello() async throws {
      log("Hello")
      try await sleep(.milliseconds(1))
      log("world")
    }
    try await sayHello()
    try await sayHello()
  }

  area.scenario("hello_world_together") { log in
    func sayHello(_ name: String) async throws {
      log("Hello \(name)")
      try await sleep(.zero)
      log("world \(name)")
    }
    let tasks = ["a", "b"].map { name in createTask { try await sayHello(name) } }
    for task in tasks { try await task.value }
  }

  area.scenario("sleep_zero_takes_turns") { log in
    func count(_ name: String, to end: Int) async throws {
      for number in 0..<end {
        log("\(name) \(number)")
        try await sleep(.zero)
      }
      log("\(name) done")
    }
    let tasks = [("a", 3), ("b", 1), ("c", 2)].map { name, end in createTask { try await count(name, to: end) } }
    log("created")
    for task in tasks { try await task.value }
  }

  area.scenario("a_negative_sleep_takes_one_turn") { log in
    EventLoop.current.callSoon { log("callback") }
    log("before")
    try await sleep(.seconds(-1))
    log("after")
  }

  area.scenario("sleep_zero_takes_exactly_one_turn") { log in
    let loop = EventLoop.current
    func callback(_ number: Int) {
      log("callback \(number)")
      if number < 3 { loop.callSoon { callback(number + 1) } }
    }
    loop.callSoon { callback(1) }
    for number in 1...3 {
      try await sleep(.zero)
      log("turn \(number)")
    }
  }

  area.scenario("sleeps_end_in_the_order_of_their_times") { log in
    func sleeper(_ milliseconds: Int) async throws {
      try await sleep(.milliseconds(milliseconds))
      log("\(milliseconds) ms")
    }
    let tasks = [30, 10, 20].map { milliseconds in createTask { try await sleeper(milliseconds) } }
    for task in tasks { try await task.value }
  }

  area.scenario("awaiting_a_coroutine_does_not_let_others_run") { log in
    func inner() async { log("inner") }
    let other = createTask { await inner() }
    await inner()
    log("after inner")
    try await other.value
  }

  area.scenario("a_task_without_an_await_runs_through") { log in
    func busy(_ name: String) async {
      for number in 0..<3 { log("\(name) \(number)") }
    }
    let tasks = ["a", "b"].map { name in createTask { await busy(name) } }
    log("created")
    for task in tasks { try await task.value }
  }

  area.scenario("a_cancelled_sleep_ends_at_once") { log in
    let task = createTask {
      do {
        try await forever()
      } catch {
        log(describe(error))
        throw error
      }
    }
    try await rest()
    task.cancel()
    log("cancel called")
    do { try await task.value } catch { log("done") }
  }

  area.scenario("what_is_left_at_the_end_is_cancelled") { log in
    let task = createTask(name: "left") {
      do {
        try await forever()
      } catch {
        log("left task cancelled")
        throw error
      }
    }
    try await rest()
    log("body ends before \(task.name)")
  }
}
