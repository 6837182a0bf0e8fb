// SPDX-License-Identifier: Apache-2.0
// What the tasks of a whole program do, and what the debug mode says of it.

import AsyncIO
import Glibc

extension RunScenarios {
  /// The body is a task too.
  static func mainTask() throws {
    try EventLoop.run {
      say(currentTask?.name ?? "none")
      createTask(name: "other") { try await sleep(.seconds(3600)) }
      say(allTasks.map(\.name).joined(separator: " "))
    }
  }

  /// What is left is cancelled, and knows why; what is shielded comes to its end.
  static func loopEnded() throws {
    try EventLoop.run {
      createTask {
        do { try await sleep(.seconds(3600)) } catch { say(currentCancelReason?.description ?? "no reason") }
        try await shield {
          try await sleep(.milliseconds(10))
          try await withTimeout(.seconds(5)) { try await sleep(.milliseconds(10)) }
        }
        say("cleaned up")
      }
      try await sleep(.zero)
    }
    say("run returned")
  }

  /// Ctrl-C as the body sees it.
  static func interruptReason() throws {
    try EventLoop.run(onInterrupt: .throwError) {
      createTask {
        try await sleep(.milliseconds(1))
        kill(getpid(), SIGINT)
      }
      do { try await sleep(.seconds(3600)) } catch {
        say(currentCancelReason?.description ?? "no reason")
        throw error
      }
    }
  }

  /// What the debug mode notices.
  static func debug() throws {
    try EventLoop.run(debug: true) {
      _ = try await resolve("localhost", port: 80)
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, _ in
        _ = try await reader.readToEnd()
      }
      do { _ = try await openConnection(host: "127.0.0.1", port: server.port) }
      usleep(300_000)
      try await sleep(.milliseconds(10))
    }
  }
}
