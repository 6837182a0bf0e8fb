// SPDX-License-Identifier: Apache-2.0
// Signals: addSignalHandler and removeSignalHandler.

import AsyncIO
import Glibc

@MainActor func signals(_ area: Area) {
  area.scenario("a_handler_is_called_for_each_signal") { log in
    let loop = EventLoop.current
    loop.addSignalHandler(.user1) { log("called") }
    for _ in 0..<3 {
      send(.user1)
      try await settle()
    }
    loop.removeSignalHandler(.user1)
  }

  area.scenario("adding_a_handler_again_replaces_it") { log in
    let loop = EventLoop.current
    loop.addSignalHandler(.user1) { log("first") }
    loop.addSignalHandler(.user1) { log("second") }
    send(.user1)
    try await settle()
    log(python(loop.removeSignalHandler(.user1)))
  }

  area.scenario("removing_says_whether_there_was_one") { log in
    let loop = EventLoop.current
    log(python(loop.removeSignalHandler(.user2)))
    loop.addSignalHandler(.user2) { log("called") }
    log(python(loop.removeSignalHandler(.user2)))
    log(python(loop.removeSignalHandler(.user2)))
  }

  area.scenario("a_handler_that_removes_itself") { log in
    let (loop, done) = (EventLoop.current, Event())
    loop.addSignalHandler(.user1) {
      log("called \(python(loop.removeSignalHandler(.user1)))")
      done.set()
    }
    send(.user1)
    try await done.wait()
    log(python(loop.removeSignalHandler(.user1)))
  }

  area.scenario("a_handler_cancels_a_task") { log in
    let loop = EventLoop.current
    let task = createTask {
      do { try await forever() } catch {
        log("cleans up")
        throw error
      }
    }
    loop.addSignalHandler(.terminate) { task.cancel() }
    try await sleep(.zero)
    send(.terminate)
    do { try await task.value } catch is CancellationError { log("cancelled") }
    log(python(loop.removeSignalHandler(.terminate)))
  }

  area.scenario("a_handler_for_interrupt_keeps_the_run_from_ending") { log in
    let loop = EventLoop.current
    loop.addSignalHandler(.interrupt) { log("interrupted") }
    for _ in 0..<3 {
      send(.interrupt)
      try await settle()
    }
    loop.removeSignalHandler(.interrupt)
    log("goes on")
  }

  area.scenario("two_signals_have_two_handlers") { log in
    let loop = EventLoop.current
    loop.addSignalHandler(.user1) { log("one") }
    loop.addSignalHandler(.user2) { log("two") }
    send(.user2)
    try await settle()
    send(.user1)
    try await settle()
    log("\(python(loop.removeSignalHandler(.user1))) \(python(loop.removeSignalHandler(.user2)))")
  }
}

private func send(_ signal: Signal) { kill(getpid(), signal.rawValue) }
