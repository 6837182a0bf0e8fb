// SPDX-License-Identifier: Apache-2.0
// Semaphore: as many tasks as it has permits, in the order of their requests.

import AsyncIO

@MainActor func semaphores(_ area: Area) {
  area.scenario("as_many_as_there_are_permits") { log in
    let semaphore = Semaphore(2)
    let tasks = ["a", "b", "c", "d"].map { name in
      createTask {
        try await semaphore.withPermit {
          log("\(name) in")
          try await sleep(.zero)
          log("\(name) out")
        }
      }
    }
    for task in tasks { try await task.value }
    log("locked \(semaphore.isLocked)")
  }

  area.scenario("a_permit_that_is_there_takes_no_turn") { log in
    let semaphore = Semaphore(1)
    EventLoop.current.callSoon { log("others run") }
    log("locked \(semaphore.isLocked)")
    try await semaphore.acquire()
    log("locked \(semaphore.isLocked)")
    try await sleep(.zero)
  }

  area.scenario("permits_are_given_in_the_order_of_asking") { log in
    let semaphore = Semaphore(0)
    let tasks = users(semaphore, log, "a", "b", "c")
    try await rest()
    for _ in 0..<3 { semaphore.release() }
    for task in tasks { try await task.value }
  }

  area.scenario("nobody_overtakes_who_was_woken") { log in
    let semaphore = Semaphore(1)
    try await semaphore.acquire()
    let waiter = createTask { try await semaphore.withPermit { log("waiter in") } }
    try await rest()
    semaphore.release()
    log("locked \(semaphore.isLocked)")
    try await semaphore.withPermit { log("main in") }
    try await waiter.value
  }

  area.scenario("a_cancelled_waiter_leaves_the_line") { log in
    let semaphore = Semaphore(0)
    let tasks = users(semaphore, log, "a", "b")
    try await rest()
    tasks[0].cancel()
    try await rest()
    semaphore.release()
    try await tasks[1].value
  }

  area.scenario("a_waiter_cancelled_with_its_permit") { log in
    let semaphore = Semaphore(0)
    let tasks = users(semaphore, log, "a", "b")
    try await rest()
    tasks[0].cancel()
    semaphore.release()
    try await rest()
    log("b done \(tasks[1].isDone)")
    try await tasks[1].value
  }

  area.scenario(
    "a_waiter_cancelled_after_its_permit_came",
    differs: "what has arrived beats a cancellation: who was given the permit has it",
    expects: ["a in", "a cancelled false, b done false", "b in"]
  ) { log in
    let semaphore = Semaphore(0)
    let tasks = users(semaphore, log, "a", "b")
    try await rest()
    semaphore.release()
    tasks[0].cancel()
    try await rest()
    log("a cancelled \(tasks[0].isCancelled), b done \(tasks[1].isDone)")
    semaphore.release()
    try await rest()
  }

  area.scenario("anyone_may_release_beyond_the_first_value") { log in
    let semaphore = Semaphore(1)
    semaphore.release()
    try await semaphore.acquire()
    log("locked \(semaphore.isLocked)")
    try await semaphore.acquire()
    log("locked \(semaphore.isLocked)")
  }

  area.scenario("a_bounded_semaphore_gives_and_takes") { log in
    let semaphore = BoundedSemaphore(1)
    try await semaphore.withPermit { log("locked \(semaphore.isLocked)") }
    log("locked \(semaphore.isLocked)")
  }
}

@MainActor private func users(_ semaphore: Semaphore, _ log: Log, _ names: String...) -> [TaskHandle<Void>] {
  names.map { name in
    createTask {
      do {
        try await semaphore.acquire()
        log("\(name) in")
      } catch {
        log("\(name) \(describe(error))")
        throw error
      }
    }
  }
}
