// SPDX-License-Identifier: Apache-2.0
// Lock: which task gets it, and what a cancelled waiter leaves behind.

import AsyncIO

@MainActor func locks(_ area: Area) {
  area.scenario("a_lock_is_given_in_the_order_of_asking") { log in
    let lock = Lock()
    func user(_ name: String) async throws {
      log("\(name) asks")
      try await lock.withLock {
        log("\(name) has it")
        try await sleep(.zero)
        log("\(name) gives it back")
      }
    }
    let tasks = ["a", "b", "c"].map { name in createTask { try await user(name) } }
    for task in tasks { try await task.value }
    log("locked \(lock.isLocked)")
  }

  area.scenario("a_free_lock_is_taken_without_a_turn") { log in
    let lock = Lock()
    EventLoop.current.callSoon { log("others run") }
    try await lock.acquire()
    log("locked \(lock.isLocked)")
    lock.release()
    log("locked \(lock.isLocked)")
    try await sleep(.zero)
  }

  area.scenario("nobody_overtakes_who_was_woken") { log in
    let lock = Lock()
    try await lock.acquire()
    let waiter = createTask { try await lock.withLock { log("waiter has it") } }
    try await rest()
    lock.release()
    // Between the release and the waiter's turn, the lock already belongs to the waiter.
    try await lock.withLock { log("main has it") }
    try await waiter.value
  }

  area.scenario("a_cancelled_waiter_leaves_the_line") { log in
    let lock = Lock()
    try await lock.acquire()
    func user(_ name: String) async throws {
      do {
        try await lock.withLock { log("\(name) has it") }
      } catch {
        log("\(name) \(describe(error))")
        throw error
      }
    }
    let a = createTask { try await user("a") }
    let b = createTask { try await user("b") }
    try await rest()
    a.cancel()
    try await rest()
    log("locked \(lock.isLocked)")
    lock.release()
    try await b.value
  }

  area.scenario("a_section_that_fails_gives_the_lock_back") { log in
    let lock = Lock()
    do {
      try await lock.withLock { throw Failure("boom") }
    } catch {
      log("locked \(lock.isLocked)")
    }
  }

  area.scenario("a_holder_that_is_cancelled_gives_the_lock_back") { log in
    let lock = Lock()
    let holder = createTask {
      try await lock.withLock {
        log("held")
        try await forever()
      }
    }
    try await rest()
    holder.cancel()
    try await lock.withLock { log("main has it") }
    log("holder cancelled \(holder.isCancelled)")
  }
}
