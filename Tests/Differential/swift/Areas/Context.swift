// SPDX-License-Identifier: Apache-2.0
// Task-local values: which ones tasks and callbacks see, and that a task's own value stays its own.

import AsyncIO

private enum Request {
  @TaskLocal static var name = "none"
}

@MainActor func context(_ area: Area) {
  area.scenario("a_task_has_the_values_of_its_creation") { log in
    let task = Request.$name.withValue("a") {
      createTask {
        log("task \(Request.name)")
        try await sleep(.zero)
        log("later \(Request.name)")
      }
    }
    log("outside \(Request.name)")
    try await task.value
  }

  area.scenario("a_value_of_a_task_is_its_own") { log in
    let tasks = ["a", "b"].map { name in
      createTask {
        try await Request.$name.withValue(name) {
          try await sleep(.zero)
          log("\(name) sees \(Request.name)")
          try await sleep(.zero)
        }
        log("\(name) then sees \(Request.name)")
      }
    }
    for task in tasks { try await task.value }
    log("main sees \(Request.name)")
  }

  area.scenario("a_callback_has_the_values_of_its_scheduling") { log in
    let loop = EventLoop.current
    Request.$name.withValue("a") {
      loop.callSoon { log("soon \(Request.name)") }
      loop.callLater(.milliseconds(1)) { log("later \(Request.name)") }
    }
    log("outside \(Request.name)")
    try await sleep(.milliseconds(10))
  }

  area.scenario("a_done_callback_has_the_values_of_its_adding") { log in
    let task = Request.$name.withValue("creator") { createTask {} }
    Request.$name.withValue("adder") { task.addDoneCallback { _ in log(Request.name) } }
    try await rest()
  }

  area.scenario("a_group_hands_the_values_to_its_children") { log in
    try await Request.$name.withValue("a") {
      try await withTaskScope { scope in
        scope.createTask { log("first \(Request.name)") }
        Request.$name.withValue("b") { scope.createTask { log("second \(Request.name)") } }
      }
    }
  }

  area.scenario("a_gather_hands_the_values_to_its_children") { log in
    _ = try await Request.$name.withValue("a") {
      try await gather({ log("first \(Request.name)") }, { log("second \(Request.name)") })
    }
  }

  area.scenario("a_timeout_leaves_the_values") { log in
    try await Request.$name.withValue("a") {
      try await withTimeout(.seconds(3600)) {
        try await sleep(.zero)
        log(Request.name)
      }
    }
  }
}
