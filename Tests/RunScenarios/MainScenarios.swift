// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

struct NoAnswer: Error, CustomStringConvertible {
  let description = "sensor 7: no answer"
}

enum UnnamedError: Error { case outOfPaper }

extension RunScenarios {
  static func mainFails() {
    EventLoop.runMain {
      // The output is a pipe, so this is buffered.
      print("printed before")
      try await sleep(.milliseconds(1))
      throw NoAnswer()
    }
    say("runMain returned after an error")
  }

  static func mainFailsUnnamed() {
    EventLoop.runMain { throw UnnamedError.outOfPaper }
  }

  static func mainOfLoopsFails() {
    EventLoop.runMain(loops: .count(2)) {
      print("printed before")
      throw NoAnswer()
    }
  }

  static func mainStops() {
    EventLoop.runMain(stopsOn: [.terminate]) {
      kill(getpid(), SIGTERM)
      do { try await sleep(.seconds(3600)) } catch {
        say("cleaned up")
        throw error
      }
    }
  }

  static func mainReturns() {
    EventLoop.runMain {
      try await sleep(.milliseconds(1))
      say("in the body")
    }
    say("after it")
  }
}
