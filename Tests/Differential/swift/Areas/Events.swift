// SPDX-License-Identifier: Apache-2.0
// Event: set wakes all waiting tasks, and no others.

import AsyncIO

@MainActor func events(_ area: Area) {
  area.scenario("setting_wakes_all_in_their_order") { log in
    let event = Event()
    let tasks = ["a", "b", "c"].map { name in
      createTask {
        try await event.wait()
        log(name)
      }
    }
    try await rest()
    event.set()
    log("set")
    for task in tasks { try await task.value }
  }

  area.scenario("waiting_for_an_event_that_is_set_takes_no_turn") { log in
    let event = Event()
    event.set()
    EventLoop.current.callSoon { log("others run") }
    try await event.wait()
    log("set \(event.isSet)")
    try await sleep(.zero)
  }

  area.scenario("setting_and_clearing_at_once_wakes_who_waits") { log in
    let event = Event()
    let tasks = ["a", "b"].map { name in
      createTask {
        try await event.wait()
        log("\(name) woken, set \(event.isSet)")
      }
    }
    try await rest()
    event.set()
    event.clear()
    for task in tasks { try await task.value }
  }

  area.scenario("who_waits_again_after_a_clear_waits") { log in
    let event = Event()
    let task = createTask {
      for round in [1, 2] {
        try await event.wait()
        log("woken \(round)")
        event.clear()
      }
    }
    try await rest()
    event.set()
    try await rest()
    log("setting again")
    event.set()
    try await task.value
  }

  area.scenario("setting_twice_is_setting_once") { log in
    let event = Event()
    event.set()
    event.set()
    log("set \(event.isSet)")
    event.clear()
    log("set \(event.isSet)")
  }

  area.scenario("a_cancelled_waiter_is_gone") { log in
    let event = Event()
    let tasks = ["a", "b"].map { name in waiter(name, event, log) }
    try await rest()
    tasks[0].cancel()
    try await rest()
    event.set()
    try await tasks[1].value
  }

  area.scenario(
    "a_waiter_cancelled_with_the_event",
    differs: "what has arrived beats a cancellation: who was woken goes on",
    expects: ["a", "cancelled false"]
  ) { log in
    let event = Event()
    let task = waiter("a", event, log)
    try await rest()
    event.set()
    task.cancel()
    try await rest()
    log("cancelled \(task.isCancelled)")
  }
}

@MainActor private func waiter(_ name: String, _ event: Event, _ log: Log) -> TaskHandle<Void> {
  createTask {
    do {
      try await event.wait()
      log(name)
    } catch {
      log("\(name) \(describe(error))")
      throw error
    }
  }
}
