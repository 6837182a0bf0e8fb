// SPDX-License-Identifier: Apache-2.0
// Condition: which tasks are notified, and that each has the lock again after its wait.

import AsyncIO

@MainActor func conditions(_ area: Area) {
  area.scenario("waiting_lets_the_lock_go") { log in
    let condition = Condition()
    let tasks = waiters(condition, log, "a")
    try await rest()
    log("locked \(condition.isLocked)")
    try await condition.withLock {
      condition.notify()
      log("notified")
      try await rest()
      log("still held")
    }
    try await tasks[0].value
    log("locked \(condition.isLocked)")
  }

  area.scenario("notify_wakes_as_many_as_it_says") { log in
    let condition = Condition()
    let tasks = waiters(condition, log, "a", "b", "c", "d")
    try await rest()
    for count in [1, 2] {
      try await condition.withLock {
        condition.notify(count)
        log("notified \(count)")
      }
      try await rest()
    }
    try await condition.withLock {
      condition.notify(5)
      log("notified 5")
    }
    try await tasks[3].value
  }

  area.scenario("notify_all_wakes_all_one_after_the_other") { log in
    let condition = Condition()
    let tasks = ["a", "b", "c"].map { name in
      createTask {
        try await condition.withLock {
          try await condition.wait()
          log("\(name) has the lock")
          try await sleep(.zero)
          log("\(name) lets it go")
        }
      }
    }
    try await rest()
    try await condition.withLock { condition.notifyAll() }
    for task in tasks { try await task.value }
  }

  area.scenario("notifying_nobody_is_forgotten") { log in
    let condition = Condition()
    try await condition.withLock { condition.notify() }
    let tasks = waiters(condition, log, "a")
    try await rest()
    log("done \(tasks[0].isDone)")
    try await condition.withLock { condition.notify() }
    try await tasks[0].value
  }

  area.scenario("waiting_for_a_predicate") { log in
    let condition = Condition()
    var count = 0
    let task = createTask {
      try await condition.withLock {
        try await condition.wait {
          log("asked at \(count)")
          return count >= 2
        }
        log("goes on")
      }
    }
    for _ in 0..<2 {
      try await rest()
      try await condition.withLock {
        count += 1
        condition.notifyAll()
      }
    }
    try await task.value
  }

  area.scenario("a_predicate_that_holds_takes_no_turn") { log in
    let condition = Condition()
    EventLoop.current.callSoon { log("others run") }
    try await condition.withLock {
      try await condition.wait { true }
      log("goes on")
    }
    try await sleep(.zero)
  }

  area.scenario("a_cancelled_waiter_has_the_lock_again") { log in
    let condition = Condition()
    let tasks = waiters(condition, log, "a")
    try await rest()
    try await condition.withLock {
      log("cancelling")
      tasks[0].cancel()
      try await rest()
      log("done \(tasks[0].isDone)")
    }
    try await rest()
    log("cancelled \(tasks[0].isCancelled), locked \(condition.isLocked)")
  }

  area.scenario("a_notified_waiter_that_is_cancelled_passes_it_on") { log in
    let condition = Condition()
    let tasks = waiters(condition, log, "a", "b")
    try await rest()
    try await condition.withLock {
      condition.notify()
      tasks[0].cancel()
    }
    try await rest()
    log("a cancelled \(tasks[0].isCancelled), b done \(tasks[1].isDone)")
    try await condition.withLock { condition.notifyAll() }
    try await rest()
  }

  area.scenario("two_conditions_on_one_lock") { log in
    let lock = Lock()
    let (full, empty) = (Condition(lock: lock), Condition(lock: lock))
    let tasks = waiters(full, log, "full") + waiters(empty, log, "empty")
    try await rest()
    try await lock.withLock { empty.notify() }
    try await rest()
    try await lock.withLock { full.notify() }
    try await rest()
    log("\(tasks.map(\.isDone))")
  }

  area.scenario("a_producer_and_consumers") { log in
    let condition = Condition()
    var items: [Int] = []
    let tasks = ["a", "b"].map { name in
      createTask {
        try await condition.withLock {
          try await condition.wait { !items.isEmpty }
          log("\(name) takes \(items.removeFirst())")
        }
      }
    }
    try await rest()
    for item in [1, 2] {
      try await condition.withLock {
        items.append(item)
        log("made \(item)")
        condition.notify()
      }
      try await sleep(.zero)
    }
    for task in tasks { try await task.value }
  }
}

@MainActor private func waiters(_ condition: Condition, _ log: Log, _ names: String...) -> [TaskHandle<Void>] {
  names.map { name in
    createTask {
      try await condition.withLock {
        do {
          try await condition.wait()
          log("\(name) woken, locked \(condition.isLocked)")
        } catch {
          log("\(name) \(describe(error)), locked \(condition.isLocked)")
          throw error
        }
      }
    }
  }
}
