// SPDX-License-Identifier: Apache-2.0
// Functions on other threads: toThread, runInExecutor, ThreadPoolExecutor, and the way back to the loop.

import AsyncIO
import Dispatch
import Glibc

private enum Context { @TaskLocal static var value = 0 }

@MainActor func executors(_ area: Area) {
  area.scenario("a_function_runs_on_another_thread") { log in
    let here = pthread_self()
    let there = try await toThread { pthread_self() }
    log("same thread: \(python(pthread_equal(here, there) != 0))")
  }

  area.scenario("a_functions_error_comes_back") { log in
    do { try await toThread { throw Failure("oh") } } catch { log(describe(error)) }
  }

  area.scenario("the_loop_goes_on_meanwhile") { log in
    let mayEnd = DispatchSemaphore(value: 0)
    let call = createTask {
      try await toThread {
        mayEnd.wait()
        return "function"
      }
    }
    try await rest()
    log("loop")
    mayEnd.signal()
    log(try await call.value)
  }

  area.scenario("to_thread_has_the_callers_context") { log in
    try await Context.$value.withValue(7) { log("seen: \(try await toThread { Context.value })") }
  }

  area.scenario(
    "run_in_executor_and_the_callers_context",
    differs: "asyncio copies the context in to_thread only; here a function has it however it came to its thread",
    expects: ["seen: 7"]
  ) { log in
    try await Context.$value.withValue(7) {
      log("seen: \(try await EventLoop.current.runInExecutor(nil) { Context.value })")
    }
  }

  area.scenario(
    "a_cancelled_caller_of_a_function_that_has_started",
    differs: "a function that goes on by itself keeps its files and its thread, so its caller waits for it",
    expects: ["caller done: False", "function ended"]
  ) { log in
    try await cancelAStartedCall(.wait, log)
  }

  area.scenario("a_cancelled_caller_that_abandons_its_function") { log in try await cancelAStartedCall(.abandon, log) }

  area.scenario("a_function_in_line_whose_caller_is_cancelled_never_starts") { log in
    let (loop, pool) = (EventLoop.current, ThreadPoolExecutor(maxWorkers: 1))
    let mayEnd = DispatchSemaphore(value: 0)
    let first = createTask { try await loop.runInExecutor(pool) { mayEnd.wait() } }
    let second = createTask { try await loop.runInExecutor(pool) { log("second") } }
    let third = createTask { try await loop.runInExecutor(pool) { log("third") } }
    try await rest()
    second.cancel()
    try await rest()
    log("second cancelled: \(python(second.isCancelled))")
    mayEnd.signal()
    try await first.value
    try await third.value
    await pool.shutdown()
  }

  area.scenario("functions_of_one_thread_run_in_their_order") { log in
    let (loop, pool) = (EventLoop.current, ThreadPoolExecutor(maxWorkers: 1))
    try await gather(0..<5) { number in try await loop.runInExecutor(pool) { log("\(number)") } }
    await pool.shutdown()
  }

  area.scenario("an_executor_that_is_shut_down_refuses") { log in
    let pool = ThreadPoolExecutor(maxWorkers: 1)
    log("\(try await EventLoop.current.runInExecutor(pool) { 42 })")
    await pool.shutdown()
    do { _ = try await EventLoop.current.runInExecutor(pool) { 42 } } catch is ExecutorError { log("refused") }
  }

  area.scenario("shutdown_cancels_what_is_in_line") { log in
    let pool = ThreadPoolExecutor(maxWorkers: 1)
    let mayEnd = DispatchSemaphore(value: 0)
    let first = pool.submit { mayEnd.wait() }
    let second = pool.submit { log("second") }
    await pool.shutdown(wait: false, cancelPending: true)
    log("second cancelled: \(python(second.isCancelled))")
    mayEnd.signal()
    await pool.shutdown()
    log("first done: \(python(first.isDone))")
  }

  area.scenario("map_keeps_the_order") { log in
    let pool = ThreadPoolExecutor(maxWorkers: 3)
    log("\(try await pool.map(0..<10) { $0 * $0 })")
    await pool.shutdown()
  }

  area.scenario("the_initializer_runs_first") { log in
    let pool = ThreadPoolExecutor(maxWorkers: 1, initializer: { log("initializer") })
    try await EventLoop.current.runInExecutor(pool) { log("function") }
    try await EventLoop.current.runInExecutor(pool) { log("another") }
    await pool.shutdown()
  }

  area.scenario("a_thread_calls_into_the_loop") { log in
    let here = pthread_self()
    let answer = try await withBlockingPortal { portal in
      try await toThread {
        try portal.call {
          try await sleep(.milliseconds(1))
          log("on the loop's thread: \(python(pthread_equal(here, pthread_self()) != 0))")
          return 42
        }
      }
    }
    log("\(answer)")
  }

  area.scenario("an_error_goes_back_to_the_thread") { log in
    let words = try await withBlockingPortal { portal in
      try await toThread {
        do { try portal.call { throw Failure("of the loop") } } catch { return describe(error) }
        return "no error"
      }
    }
    log(words)
  }
}

private nonisolated(nonsending) func cancelAStartedCall(_ cancel: ThreadCancellation, _ log: Log) async throws {
  let (started, ended) = (Future<Void>(), Future<Void>())
  let mayEnd = DispatchSemaphore(value: 0)
  let call = createTask {
    try await toThread(cancel: cancel) {
      started.setResult(())
      mayEnd.wait()
      ended.setResult(())
    }
  }
  try await started.value
  call.cancel()
  try await rest()
  log("caller done: \(python(call.isDone))")
  mayEnd.signal()
  do { try await call.value } catch { log(describe(error)) }
  try await ended.value
  log("function ended")
}
