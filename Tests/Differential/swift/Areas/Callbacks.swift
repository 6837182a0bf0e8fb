// SPDX-License-Identifier: Apache-2.0
// Callbacks on the loop: callSoon, callLater, callAt and callSoonThreadsafe.

import AsyncIO
import Dispatch

@MainActor func callbacks(_ area: Area) {
  area.scenario("call_soon_is_first_in_first_out") { log in
    let loop = EventLoop.current
    for name in ["a", "b", "c"] { loop.callSoon { log(name) } }
    log("scheduled")
    try await sleep(.zero)
    log("a turn later")
  }

  area.scenario("a_callback_that_a_callback_adds_waits_a_turn") { log in
    let loop = EventLoop.current
    loop.callSoon {
      log("a")
      loop.callSoon { log("added by a") }
    }
    loop.callSoon { log("b") }
    try await sleep(.zero)
    log("a turn later")
    try await sleep(.zero)
    log("two turns later")
  }

  area.scenario("callbacks_and_tasks_share_one_line") { log in
    let loop = EventLoop.current
    loop.callSoon { log("callback 1") }
    let first = createTask { log("task 1") }
    loop.callSoon { log("callback 2") }
    let second = createTask { log("task 2") }
    loop.callSoon { log("callback 3") }
    try await first.value
    try await second.value
  }

  area.scenario("a_cancelled_callback_is_not_called") { log in
    let loop = EventLoop.current
    let handles = ["a", "b", "c"].map { name in loop.callSoon { log(name) } }
    handles[1].cancel()
    handles[1].cancel()
    log("\(handles.map(\.isCancelled))")
    try await rest()
  }

  area.scenario("a_callback_cancels_the_next") { log in
    let loop = EventLoop.current
    var handles: [Handle] = []
    loop.callSoon {
      log("a")
      handles[0].cancel()
    }
    handles.append(loop.callSoon { log("b") })
    loop.callSoon { log("c") }
    try await rest()
  }

  area.scenario(
    "a_handle_cancelled_after_its_call",
    differs: "isCancelled tells whether the callback was taken back, and a call that was made isn't",
    expects: ["called", "cancelled false"]
  ) { log in
    let handle = EventLoop.current.callSoon { log("called") }
    try await rest()
    handle.cancel()
    log("cancelled \(handle.isCancelled)")
  }

  area.scenario("call_later_goes_by_time") { log in
    let loop = EventLoop.current
    loop.callLater(.milliseconds(20)) { log("20 ms") }
    loop.callLater(.milliseconds(1)) { log("1 ms") }
    loop.callLater(.milliseconds(10)) { log("10 ms") }
    try await sleep(.milliseconds(30))
    log("30 ms")
  }

  area.scenario("call_at_the_same_time_keeps_the_order") { log in
    let loop = EventLoop.current
    let when = loop.time.advanced(by: .milliseconds(1))
    loop.callAt(when) { log("a") }
    loop.callAt(when) { log("b") }
    try await sleep(.milliseconds(10))
  }

  area.scenario("call_at_a_past_time_is_called_soon") { log in
    let loop = EventLoop.current
    loop.callAt(loop.time.advanced(by: .seconds(-1))) { log("past") }
    log("scheduled")
    try await sleep(.milliseconds(1))
  }

  area.scenario("call_later_without_delay_comes_after_what_is_ready") { log in
    let loop = EventLoop.current
    loop.callSoon { log("soon 1") }
    loop.callLater(.zero) { log("later") }
    loop.callSoon { log("soon 2") }
    try await sleep(.milliseconds(1))
  }

  area.scenario("a_cancelled_timer_is_not_called") { log in
    let loop = EventLoop.current
    let handle = loop.callLater(.milliseconds(1)) { log("cancelled") }
    loop.callLater(.milliseconds(2)) { log("called") }
    handle.cancel()
    try await sleep(.milliseconds(10))
  }

  area.scenario("a_timer_knows_its_time") { log in
    let loop = EventLoop.current
    let now = loop.time
    let handle = loop.callAt(now.advanced(by: .seconds(3600))) { log("never") }
    log("\(handle.when == now.advanced(by: .seconds(3600)))")
    handle.cancel()
  }

  area.scenario("a_timer_cancels_one_that_is_due_with_it") { log in
    let loop = EventLoop.current
    let when = loop.time.advanced(by: .milliseconds(1))
    var later: [TimerHandle] = []
    loop.callAt(when) {
      log("first")
      later[0].cancel()
    }
    later.append(loop.callAt(when.advanced(by: .microseconds(1))) { log("second") })
    try await sleep(.milliseconds(10))
  }

  area.scenario("call_soon_threadsafe_on_the_loop_stands_in_line") { log in
    let loop = EventLoop.current
    loop.callSoon { log("a") }
    try loop.callSoonThreadsafe { log("b") }
    loop.callSoon { log("c") }
    log("scheduled")
    try await sleep(.zero)
  }

  area.scenario("call_soon_threadsafe_wakes_the_loop") { log in
    let loop = EventLoop.current
    try await withCheckedThrowingContinuation { done in
      DispatchQueue.global().async {
        do {
          for name in ["a", "b"] { try loop.callSoonThreadsafe { log(name) } }
          try loop.callSoonThreadsafe { done.resume() }
        } catch {
          done.resume(throwing: error)
        }
      }
    }
    log("woken")
  }
}
