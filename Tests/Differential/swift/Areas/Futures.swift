// SPDX-License-Identifier: Apache-2.0
// Future: set once, awaited by many.

import AsyncIO

@MainActor func futures(_ area: Area) {
  area.scenario("a_result_wakes_who_waits") { log in
    let future = Future<Int>()
    let task = createTask {
      log("waits")
      log("\(try await future.value)")
    }
    try await rest()
    future.setResult(42)
    log("set")
    try await task.value
  }

  area.scenario("a_result_that_is_there_takes_no_turn") { log in
    let future = Future<Int>()
    future.setResult(42)
    EventLoop.current.callSoon { log("others run") }
    log("\(try await future.value)")
    log("again \(try await future.value)")
    try await sleep(.zero)
  }

  area.scenario("an_exception_is_raised_where_it_is_awaited") { log in
    let future = Future<Int>()
    let task = createTask {
      do { _ = try await future.value } catch { log(describe(error)) }
    }
    try await rest()
    future.setException(Failure("boom"))
    try await task.value
    log("done \(future.isDone), cancelled \(future.isCancelled), \(describe(future.result))")
  }

  area.scenario("waiters_wake_in_the_order_they_came") { log in
    let future = Future<Int>()
    let tasks = ["a", "b", "c"].map { name in createTask { log("\(name) \(try await future.value)") } }
    try await rest()
    future.setResult(42)
    for task in tasks { try await task.value }
  }

  // Python raises where these return false, and where `setResult` and `setException` end the process.
  area.scenario("a_future_is_set_only_once") { log in
    let future = Future<Int>()
    log("first \(future.trySetResult(1))")
    log("second \(future.trySetResult(2))")
    log("exception \(future.trySetException(Failure("boom")))")
    log("\(try await future.value)")
  }

  area.scenario("cancelling_a_future") { log in
    let future = Future<Int>()
    let tasks = ["a", "b"].map { name in
      createTask {
        do { _ = try await future.value } catch { log("\(name) \(describe(error))") }
      }
    }
    try await rest()
    log("cancel \(future.cancel())")
    log("cancel \(future.cancel())")
    log("done \(future.isDone), cancelled \(future.isCancelled)")
    for task in tasks { try await task.value }
  }

  area.scenario("cancelling_a_future_that_is_set") { log in
    let future = Future<Int>()
    future.setResult(42)
    log("cancel \(future.cancel())")
    log("cancelled \(future.isCancelled), \(try await future.value)")
  }

  area.scenario("setting_a_cancelled_future") { log in
    let future = Future<Int>()
    future.cancel()
    log(future.trySetResult(42) ? "set" : "too late")
  }

  area.scenario("a_pending_future_has_no_result") { log in
    let future = Future<Int>()
    if future.result == nil { log("no result") }
    future.setResult(42)
    log(describe(future.result))
  }

  area.scenario("callbacks_come_in_their_order") { log in
    let future = Future<Int>()
    future.addDoneCallback { _ in log("first") }
    future.addDoneCallback { log("second sees \(describe($0.result))") }
    future.setResult(42)
    log("set")
    try await sleep(.zero)
    future.addDoneCallback { _ in log("late") }
    log("added")
    try await sleep(.zero)
  }

  area.scenario("callbacks_and_waiters_share_one_line") { log in
    let future = Future<Void>()
    future.addDoneCallback { _ in log("callback 1") }
    let task = createTask {
      try await future.value
      log("waiter")
    }
    try await rest()
    future.addDoneCallback { _ in log("callback 2") }
    future.setResult(())
    try await task.value
    try await rest()
  }

  area.scenario("cancelling_who_waits_cancels_the_future") { log in
    let future = Future<Int>()
    let tasks = ["a", "b"].map { name in
      createTask {
        do { _ = try await future.value } catch { log("\(name) \(describe(error))") }
      }
    }
    try await rest()
    tasks[0].cancel()
    try await rest()
    log("future cancelled \(future.isCancelled)")
  }

  area.scenario(
    "a_cancel_after_the_result_was_set",
    differs: "a value that has arrived beats a cancellation",
    expects: ["gets 42", "cancelled false"]
  ) { log in
    let future = Future<Int>()
    let task = createTask { log("gets \(try await future.value)") }
    try await rest()
    future.setResult(42)
    task.cancel()
    try await rest()
    log("cancelled \(task.isCancelled)")
  }

  area.scenario("an_exception_that_nobody_awaits_is_reported") { log in
    EventLoop.current.setExceptionHandler { _, context in log(describe(context.error!)) }
    var future: Future<Int>? = Future()
    future?.setException(Failure("boom"))
    try await rest()
    log(future == nil ? "not held" : "still held")
    future = nil
    try await rest()
    log("dropped")
  }
}
