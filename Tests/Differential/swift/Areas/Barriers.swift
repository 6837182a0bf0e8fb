// SPDX-License-Identifier: Apache-2.0
// Barrier: all tasks go on together, or all learn that it broke.

import AsyncIO

@MainActor func barriers(_ area: Area) {
  area.scenario("the_last_to_come_lets_all_go") { log in
    let barrier = Barrier(parties: 3)
    var tasks = arrivals(barrier, log, "a", "b")
    try await rest()
    log("waiting \(barrier.waitingCount) of \(barrier.parties)")
    tasks += arrivals(barrier, log, "c")
    for task in tasks { try await task.value }
    log("waiting \(barrier.waitingCount), broken \(barrier.isBroken)")
  }

  area.scenario("a_barrier_of_one") { log in
    let barrier = Barrier(parties: 1)
    EventLoop.current.callSoon { log("others run") }
    log("\(try await barrier.wait())")
    log("\(try await barrier.wait())")
    try await sleep(.zero)
  }

  area.scenario("a_barrier_is_used_again") { log in
    let barrier = Barrier(parties: 2)
    let tasks = ["a", "b"].map { _ in
      createTask {
        for round in [1, 2, 3] {
          _ = try await barrier.wait()
          log("round \(round)")
        }
      }
    }
    for task in tasks { try await task.value }
  }

  area.scenario("who_comes_while_it_empties_is_of_the_next_round") { log in
    let barrier = Barrier(parties: 2)
    var tasks = arrivals(barrier, log, "a", "b", "c")
    try await rest()
    log("waiting \(barrier.waitingCount)")
    tasks += arrivals(barrier, log, "d")
    for task in tasks { try await task.value }
  }

  area.scenario("a_reset_breaks_the_wait_of_those_inside") { log in
    let barrier = Barrier(parties: 3)
    var tasks = arrivals(barrier, log, "a", "b")
    try await rest()
    barrier.reset()
    try await rest()
    log("waiting \(barrier.waitingCount), broken \(barrier.isBroken)")
    tasks += arrivals(barrier, log, "c", "d", "e")
    for task in tasks { try await task.value }
  }

  area.scenario("an_abort_breaks_it_for_good") { log in
    let barrier = Barrier(parties: 3)
    _ = arrivals(barrier, log, "a", "b")
    try await rest()
    barrier.abort()
    try await rest()
    log("broken \(barrier.isBroken)")
    _ = arrivals(barrier, log, "c")
    try await rest()
  }

  area.scenario("a_reset_mends_a_broken_one") { log in
    let barrier = Barrier(parties: 2)
    barrier.abort()
    log("broken \(barrier.isBroken)")
    barrier.reset()
    log("broken \(barrier.isBroken)")
    for task in arrivals(barrier, log, "a", "b") { try await task.value }
  }

  area.scenario("a_cancelled_party_leaves") { log in
    let barrier = Barrier(parties: 2)
    let a = arrivals(barrier, log, "a")[0]
    try await rest()
    a.cancel()
    try await rest()
    log("waiting \(barrier.waitingCount), broken \(barrier.isBroken)")
    for task in arrivals(barrier, log, "b", "c") { try await task.value }
  }
}

@MainActor private func arrivals(_ barrier: Barrier, _ log: Log, _ names: String...) -> [TaskHandle<Void>] {
  names.map { name in
    createTask {
      do { log("\(name) passes with \(try await barrier.wait())") } catch { log("\(name) \(describe(error))") }
    }
  }
}
