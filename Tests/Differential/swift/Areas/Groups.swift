// SPDX-License-Identifier: Apache-2.0
// withTaskScope: all tasks are awaited, and one that fails cancels the others.

import AsyncIO

@MainActor func groups(_ area: Area) {
  area.scenario("a_group_awaits_its_tasks") { log in
    func child(_ name: String, _ milliseconds: Int) async throws -> String {
      try await sleep(.milliseconds(milliseconds))
      log("\(name) ends")
      return name
    }
    let (a, b) = try await withTaskScope { scope in
      let a = scope.createTask { try await child("a", 10) }
      let b = scope.createTask { try await child("b", 1) }
      log("body ends")
      return (a, b)
    }
    log("\(describe(a.result)) \(describe(b.result))")
  }

  area.scenario("children_start_when_the_body_waits") { log in
    try await withTaskScope { scope in
      for name in ["a", "b"] { scope.createTask { log("\(name) starts") } }
      log("created")
      try await sleep(.zero)
      log("body goes on")
    }
    log("after")
  }

  area.scenario("an_empty_group_takes_no_turn") { log in
    EventLoop.current.callSoon { log("others run") }
    try await withTaskScope { _ in log("body") }
    log("after")
    try await sleep(.zero)
  }

  area.scenario("a_child_is_awaited_in_the_body") { log in
    try await withTaskScope { scope in
      let child = scope.createTask {
        try await sleep(.zero)
        return 42
      }
      log("\(try await child.value)")
    }
  }

  area.scenario("a_child_that_fails_cancels_the_others") { log in
    let cancelled = Log()
    do {
      try await withTaskScope { scope in
        scope.createTask { try await waits("a", cancelled) }
        scope.createTask { throw Failure("boom") }
        scope.createTask { try await waits("b", cancelled) }
      }
    } catch { log(describe(error)) }
    log(cancelled.lines.sorted().joined(separator: ", "))
  }

  area.scenario("a_child_that_fails_cancels_the_body") { log in
    do {
      try await withTaskScope { scope in
        scope.createTask { throw Failure("boom") }
        do {
          try await forever()
        } catch {
          log("body \(describe(error))")
          throw error
        }
      }
    } catch { log(describe(error)) }
    log("cancelled \(Task.isCancelled)")
    try await sleep(.zero)
    log("the task goes on")
  }

  area.scenario("all_errors_are_in_the_group") { log in
    func child(_ name: String) async throws {
      do { try await forever() } catch { throw Failure("\(name) in clean-up") }
    }
    do {
      try await withTaskScope { scope in
        scope.createTask { try await child("a") }
        scope.createTask { try await child("b") }
        scope.createTask { throw Failure("boom") }
      }
    } catch let error as ErrorGroup {
      log(error.errors.map { describe($0) }.sorted().joined(separator: ", "))
    }
  }

  area.scenario("two_children_fail_in_one_turn") { log in
    let event = Event()
    do {
      try await withTaskScope { scope in
        scope.createTask { try await fails("a", after: event) }
        scope.createTask { try await fails("b", after: event) }
        scope.createTask { try await waits("c", log) }
        try await rest()
        event.set()
      }
    } catch { log(describe(error)) }
  }

  area.scenario("a_body_that_fails_cancels_the_children") { log in
    do {
      try await withTaskScope { scope in
        scope.createTask { try await waits("a", log) }
        try await sleep(.zero)
        throw Failure("body")
      }
    } catch { log(describe(error)) }
  }

  area.scenario(
    "a_body_that_fails_and_a_child_that_fails_in_its_clean_up",
    differs: "errors are in the order in which they happened, where asyncio puts the body's last",
    expects: ["group(body, child)"]
  ) { log in
    do {
      try await withTaskScope { scope in
        scope.createTask {
          do { try await forever() } catch { throw Failure("child") }
        }
        try await sleep(.zero)
        throw Failure("body")
      }
    } catch { log(describe(error)) }
  }

  area.scenario("cancelling_the_parent_cancels_the_children") { log in
    let cancelled = Log()
    let parent = createTask {
      try await withTaskScope { scope in
        scope.createTask { try await waits("a", cancelled) }
        scope.createTask { try await waits("b", cancelled) }
        log("body ends")
      }
    }
    try await rest()
    parent.cancel()
    do { try await parent.value } catch {
      log("parent \(describe(error)) after \(cancelled.lines.sorted().joined(separator: ", "))")
    }
  }

  area.scenario("cancelling_the_parent_in_its_body") { log in
    let parent = createTask {
      try await withTaskScope { scope in
        scope.createTask { try await waits("child", log) }
        try await waits("body", log)
      }
    }
    try await rest()
    parent.cancel()
    try await rest()
    log("parent cancelled \(parent.isCancelled)")
  }

  area.scenario("a_parent_cancelled_while_a_child_fails") { log in
    let parent = createTask {
      do {
        try await withTaskScope { scope in
          scope.createTask {
            do { try await forever() } catch { throw Failure("child") }
          }
        }
      } catch {
        log(describe(error))
        throw error
      }
    }
    try await rest()
    parent.cancel()
    try await rest()
    log("cancelled \(parent.isCancelled)")
    _ = parent.result
  }

  area.scenario("a_child_that_was_cancelled_is_no_error") { log in
    try await withTaskScope { scope in
      let a = scope.createTask { try await waits("a", log) }
      try await rest()
      a.cancel()
      try await rest()
      log("body goes on")
    }
    log("no error")
  }

  area.scenario("a_group_waits_for_the_clean_up_of_its_children") { log in
    let released = Event()
    let parent = createTask {
      do {
        try await withTaskScope { scope in
          scope.createTask {
            do {
              try await forever()
            } catch {
              log("clean-up begins")
              try await shield { try await released.wait() }
              log("clean-up ends")
              throw error
            }
          }
          try await sleep(.zero)
          throw Failure("boom")
        }
      } catch { log(describe(error)) }
    }
    try await rest()
    log("releasing")
    released.set()
    try await parent.value
  }

  area.scenario("children_add_children") { log in
    @MainActor func child(_ scope: TaskScope, _ depth: Int) {
      log("depth \(depth)")
      if depth < 3 { scope.createTask { child(scope, depth + 1) } }
    }
    try await withTaskScope { scope in scope.createTask { child(scope, 1) } }
    log("all done")
  }

  area.scenario("a_group_within_a_group") { log in
    do {
      try await withTaskScope { scope in
        scope.createTask {
          try await withTaskScope { inner in
            inner.createTask { try await waits("inner", log) }
            inner.createTask { throw Failure("boom") }
          }
        }
        scope.createTask { try await waits("outer", log) }
      }
    } catch { log(describe(error)) }
  }

  area.scenario("an_outer_group_that_fails_cancels_the_inner") { log in
    let (cancelled, event) = (Log(), Event())
    do {
      try await withTaskScope { scope in
        scope.createTask {
          try await withTaskScope { inner in
            inner.createTask { try await waits("a", cancelled) }
            inner.createTask { try await waits("b", cancelled) }
          }
        }
        scope.createTask { try await fails("boom", after: event) }
        try await rest()
        event.set()
      }
    } catch { log(describe(error)) }
    log(cancelled.lines.sorted().joined(separator: ", "))
  }

  area.scenario("a_timeout_around_a_group") { log in
    do {
      try await withTimeout(.milliseconds(5)) {
        try await withTaskScope { scope in
          scope.createTask { try await waits("a", log) }
          try await waits("body", log)
        }
      }
    } catch { log(describe(error)) }
  }

  area.scenario("a_child_with_a_timeout_takes_the_group_with_it") { log in
    do {
      try await withTaskScope { scope in
        scope.createTask { try await withTimeout(.milliseconds(5)) { try await forever() } }
        scope.createTask { try await waits("a", log) }
      }
    } catch { log(describe(error)) }
  }

  area.scenario(
    "a_child_cancelled_before_its_first_step",
    differs: "a task of Swift's always runs its body, and is told at its first wait",
    expects: ["a runs", "group(boom)"]
  ) { log in
    do {
      try await withTaskScope { scope in
        scope.createTask { log("a runs") }
        throw Failure("boom")
      }
    } catch { log(describe(error)) }
  }
}

/// Waits until it is cancelled, and logs that.
private nonisolated(nonsending) func waits(_ name: String, _ log: Log) async throws {
  do {
    try await forever()
  } catch {
    log("\(name) \(describe(error))")
    throw error
  }
}

private nonisolated(nonsending) func fails(_ message: String, after event: Event) async throws {
  try await event.wait()
  throw Failure(message)
}
