// SPDX-License-Identifier: Apache-2.0
// Queue, PriorityQueue, LifoQueue: which task gets what, which tasks wait, and what a shutdown does to both.

import AsyncIO

@MainActor func queues(_ area: Area) {
  area.scenario("first_in_first_out") { log in
    let queue = Queue<Int>(maxSize: 0)
    for item in [3, 1, 2] { try await queue.put(item) }
    log("\(queue.count) in it, empty \(queue.isEmpty), full \(queue.isFull)")
    for _ in 0..<3 { log("\(try await queue.get())") }
    log("\(queue.count) in it, empty \(queue.isEmpty)")
  }

  area.scenario("what_is_possible_takes_no_turn") { log in
    let queue = Queue<Int>(maxSize: 1)
    EventLoop.current.callSoon { log("others run") }
    try await queue.put(1)
    log("full \(queue.isFull)")
    log("\(try await queue.get())")
    try await sleep(.zero)
  }

  area.scenario("a_getter_waits_for_an_item") { log in
    let queue = Queue<Int>(maxSize: 0)
    let tasks = getters(queue, log, "a")
    try await rest()
    _ = try queue.tryPut(1)
    log("put")
    try await tasks[0].value
  }

  area.scenario("getters_are_served_in_their_order") { log in
    let queue = Queue<Int>(maxSize: 0)
    let tasks = getters(queue, log, "a", "b", "c")
    try await rest()
    for item in [1, 2, 3] { _ = try queue.tryPut(item) }
    for task in tasks { try await task.value }
  }

  area.scenario("a_putter_waits_for_room") { log in
    let queue = Queue<Int>(maxSize: 1)
    let tasks = putters(queue, log, 1, 2, 3)
    try await rest()
    for _ in 0..<3 {
      log("got \(try await queue.get())")
      try await rest()
    }
    for task in tasks { try await task.value }
  }

  area.scenario("a_full_queue_takes_nothing_at_once") { log in
    let queue = Queue<Int>(maxSize: 1)
    _ = try queue.tryPut(1)
    if try !queue.tryPut(2) { log("full") }
    log("\(try queue.tryGet()!)")
    if try queue.tryGet() == nil { log("empty") }
  }

  area.scenario(
    "a_producer_and_a_consumer_take_turns",
    differs: "who gets an item lets the next in line put its own at once, and so finds that one too",
    expects: ["put 0", "got 0", "got 1", "put 1", "put 2", "got 2"]
  ) { log in
    let queue = Queue<Int>(maxSize: 1)
    let producer = createTask {
      for item in 0..<3 {
        try await queue.put(item)
        log("put \(item)")
      }
    }
    let consumer = createTask {
      for _ in 0..<3 { log("got \(try await queue.get())") }
    }
    try await producer.value
    try await consumer.value
  }

  area.scenario("a_cancelled_getter_leaves_the_line") { log in
    let queue = Queue<Int>(maxSize: 0)
    let tasks = getters(queue, log, "a", "b")
    try await rest()
    tasks[0].cancel()
    try await rest()
    _ = try queue.tryPut(1)
    try await tasks[1].value
  }

  area.scenario("a_getter_cancelled_with_its_item") { log in
    let queue = Queue<Int>(maxSize: 0)
    let tasks = getters(queue, log, "a", "b")
    try await rest()
    tasks[0].cancel()
    _ = try queue.tryPut(1)
    try await rest()
    log("b done \(tasks[1].isDone), \(queue.count) in it")
    try await tasks[1].value
  }

  area.scenario(
    "a_getter_cancelled_after_its_item_came",
    differs: "what has arrived beats a cancellation: who was given the item has it",
    expects: ["a gets 1", "b done false, 0 in it", "b gets 2"]
  ) { log in
    let queue = Queue<Int>(maxSize: 0)
    let tasks = getters(queue, log, "a", "b")
    try await rest()
    _ = try queue.tryPut(1)
    tasks[0].cancel()
    try await rest()
    log("b done \(tasks[1].isDone), \(queue.count) in it")
    _ = try queue.tryPut(2)
    try await rest()
  }

  area.scenario("a_cancelled_putter_puts_nothing") { log in
    let queue = Queue<Int>(maxSize: 1)
    _ = try queue.tryPut(0)
    let tasks = putters(queue, log, 1, 2)
    try await rest()
    tasks[0].cancel()
    try await rest()
    log("got \(try queue.tryGet()!)")
    try await tasks[1].value
    log("in it \(try drained(queue))")
  }

  area.scenario("a_putter_cancelled_with_its_room") { log in
    let queue = Queue<Int>(maxSize: 1)
    _ = try queue.tryPut(0)
    let tasks = putters(queue, log, 1, 2)
    try await rest()
    tasks[0].cancel()
    log("got \(try queue.tryGet()!)")
    try await rest()
    log("in it \(try drained(queue))")
    try await tasks[1].value
  }

  area.scenario("a_getter_that_runs_out_of_time") { log in
    let queue = Queue<Int>(maxSize: 0)
    do { _ = try await withTimeout(.milliseconds(5)) { try await queue.get() } } catch { log(describe(error)) }
    _ = try queue.tryPut(1)
    log("\(try await queue.get())")
  }

  area.scenario("join_waits_until_all_is_done") { log in
    let queue = Queue<Int>(maxSize: 0)
    for item in [1, 2] { _ = try queue.tryPut(item) }
    let task = joiner(queue, log)
    try await rest()
    for _ in 0..<2 {
      log("got \(try await queue.get())")
      try await rest()
      queue.taskDone()
      log("done")
      try await rest()
    }
    try await task.value
  }

  area.scenario("joining_a_queue_without_work_takes_no_turn") { log in
    let queue = Queue<Int>(maxSize: 0)
    EventLoop.current.callSoon { log("others run") }
    try await queue.join()
    log("joined")
    try await sleep(.zero)
  }

  area.scenario("join_waits_for_what_is_put_meanwhile") { log in
    let queue = Queue<Int>(maxSize: 0)
    _ = try queue.tryPut(1)
    let task = createTask {
      while true {
        let item = try await queue.get()
        log("works on \(item)")
        if item < 3 { _ = try queue.tryPut(item + 1) }
        queue.taskDone()
      }
    }
    try await queue.join()
    log("joined")
    task.cancel()
  }

  area.scenario("workers_share_the_work") { log in
    let queue = Queue<Int>(maxSize: 0)
    let tasks = ["a", "b"].map { name in
      createTask {
        while true {
          let item = try await queue.get()
          log("\(name) works on \(item)")
          try await sleep(.zero)
          queue.taskDone()
        }
      }
    }
    for item in 0..<5 { try await queue.put(item) }
    try await queue.join()
    log("joined")
    for task in tasks { task.cancel() }
  }

  area.scenario("the_smallest_comes_first") { log in
    let queue = PriorityQueue<Int>(maxSize: 0)
    for item in [3, 1, 4, 1, 5, 9, 2, 6] { _ = try queue.tryPut(item) }
    var items: [Int] = []
    while let item = try queue.tryGet() { items.append(item) }
    log(items.map(String.init).joined(separator: ", "))
  }

  area.scenario("the_smallest_of_those_that_are_there") { log in
    let queue = PriorityQueue<Int>(maxSize: 2)
    let tasks = [5, 4, 3, 2].map { item in
      createTask {
        try await queue.put(item)
        log("put \(item)")
      }
    }
    try await rest()
    for _ in 0..<4 {
      log("got \(try await queue.get())")
      try await rest()
    }
    for task in tasks { try await task.value }
  }

  area.scenario(
    "a_getter_of_a_priority_queue_waits",
    differs: "an item goes to the first in line when it is put, not to whoever looks first afterwards",
    expects: ["a gets 2", "b gets 1"]
  ) { log in
    let queue = PriorityQueue<Int>(maxSize: 0)
    let tasks = ["a", "b"].map { name in createTask { log("\(name) gets \(try await queue.get())") } }
    try await rest()
    _ = try queue.tryPut(2)
    _ = try queue.tryPut(1)
    for task in tasks { try await task.value }
  }

  area.scenario("last_in_first_out") { log in
    let queue = LifoQueue<Int>(maxSize: 0)
    for item in [1, 2, 3] { _ = try queue.tryPut(item) }
    var items: [Int] = []
    while let item = try queue.tryGet() { items.append(item) }
    log(items.map(String.init).joined(separator: ", "))
  }

  area.scenario("a_lifo_queue_has_room_for_as_many_as_it_says") { log in
    let queue = LifoQueue<Int>(maxSize: 2)
    let tasks = [1, 2, 3].map { item in
      createTask {
        try await queue.put(item)
        log("put \(item)")
      }
    }
    try await rest()
    for _ in 0..<3 {
      log("got \(try await queue.get())")
      try await rest()
    }
    for task in tasks { try await task.value }
  }

  area.scenario("a_shut_down_queue_is_drained") { log in
    let queue = Queue<Int>(maxSize: 0)
    for item in [1, 2] { _ = try queue.tryPut(item) }
    queue.shutdown()
    do { try await queue.put(3) } catch { log("put \(describe(error))") }
    do { _ = try queue.tryPut(3) } catch { log("put at once \(describe(error))") }
    for task in getters(queue, log, "a", "b", "c") { try await task.value }
    do { _ = try queue.tryGet() } catch { log("get at once \(describe(error))") }
  }

  area.scenario("shutting_down_wakes_getters") { log in
    let queue = Queue<Int>(maxSize: 0)
    let tasks = getters(queue, log, "a", "b")
    try await rest()
    queue.shutdown()
    for task in tasks { try await task.value }
  }

  area.scenario("shutting_down_wakes_putters") { log in
    let queue = Queue<Int>(maxSize: 1)
    _ = try queue.tryPut(0)
    let tasks = putters(queue, log, 1, 2)
    try await rest()
    queue.shutdown()
    for task in tasks { try await task.value }
    log("got \(try await queue.get())")
  }

  area.scenario("shutting_down_at_once_drops_what_is_left") { log in
    let queue = Queue<Int>(maxSize: 2)
    for item in [1, 2] { _ = try queue.tryPut(item) }
    let tasks = [joiner(queue, log)] + putters(queue, log, 3)
    try await rest()
    queue.shutdown(immediate: true)
    for task in tasks { try await task.value }
    log("\(queue.count) in it")
    for task in getters(queue, log, "a") { try await task.value }
  }

  area.scenario("join_after_a_shutdown_waits_for_the_rest") { log in
    let queue = Queue<Int>(maxSize: 0)
    _ = try queue.tryPut(1)
    let task = joiner(queue, log)
    queue.shutdown()
    try await rest()
    log("got \(try await queue.get())")
    queue.taskDone()
    try await task.value
  }

  area.scenario("shutting_down_twice") { log in
    let queue = Queue<Int>(maxSize: 0)
    _ = try queue.tryPut(1)
    queue.shutdown()
    log("\(queue.count) in it")
    queue.shutdown(immediate: true)
    log("\(queue.count) in it")
    for task in getters(queue, log, "a") { try await task.value }
  }

  area.scenario("consuming_until_the_shutdown") { log in
    let queue = Queue<Int>(maxSize: 0)
    let task = createTask {
      for try await item in queue { log("got \(item)") }
      log("end")
    }
    for item in [1, 2] {
      try await queue.put(item)
      try await rest()
    }
    _ = try queue.tryPut(3)
    queue.shutdown()
    try await task.value
  }
}

@MainActor private func getters(_ queue: Queue<Int>, _ log: Log, _ names: String...) -> [TaskHandle<Void>] {
  names.map { name in
    createTask {
      do { log("\(name) gets \(try await queue.get())") } catch { log("\(name) \(describe(error))") }
    }
  }
}

@MainActor private func putters(_ queue: Queue<Int>, _ log: Log, _ items: Int...) -> [TaskHandle<Void>] {
  items.map { item in
    createTask {
      do {
        try await queue.put(item)
        log("put \(item)")
      } catch {
        log("put of \(item) \(describe(error))")
      }
    }
  }
}

@MainActor private func joiner(_ queue: Queue<Int>, _ log: Log) -> TaskHandle<Void> {
  createTask {
    try await queue.join()
    log("joined")
  }
}

private func drained(_ queue: Queue<Int>) throws -> String {
  var items: [String] = []
  while let item = try queue.tryGet() { items.append("\(item)") }
  return items.joined(separator: ", ")
}
