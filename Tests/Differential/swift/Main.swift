// SPDX-License-Identifier: Apache-2.0
// Runs the scenarios on AsyncIO, each on a loop of its own. Like python/run.py, it prints the name and the log of each.
// If the log differs from Python's on purpose, it prints the reason and the expected log before it.
//
//   differential-scenarios [PREFIX]     those whose names begin with the prefix, such as `queues.`

import AsyncIO
import Glibc

@main struct Main {
  @MainActor static let areas = [
    Area("callbacks", callbacks), Area("turns", turns), Area("tasks", tasks), Area("cancellation", cancellation),
    Area("futures", futures), Area("gathering", gathering), Area("waiting", waiting), Area("timeouts", timeouts),
    Area("shielding", shielding), Area("groups", groups), Area("locks", locks), Area("events", events),
    Area("conditions", conditions), Area("semaphores", semaphores), Area("barriers", barriers),
    Area("queues", queues), Area("context", context), Area("watching", watching), Area("protocols", protocols),
    Area("signals", signals), Area("subprocesses", subprocesses), Area("executors", executors),
  ]

  @MainActor static func main() {
    let prefix = CommandLine.arguments.dropFirst().first ?? ""
    alarm(50)  // the scenario that hangs is the last one printed
    for scenario in areas.flatMap(\.scenarios) where scenario.name.hasPrefix(prefix) {
      say("== \(scenario.name)")
      if let difference = scenario.difference {
        say("differs: \(difference.why)")
        for line in difference.log { say("expects: \(line)") }
      }
      for line in log(of: scenario) { say(line) }
    }
  }

  private static func log(of scenario: Scenario) -> [String] {
    let log = Log()
    do { try EventLoop.run { try await scenario.body(log) } } catch { log("raised \(describe(error))") }
    return log.lines
  }

  /// Prints a line on standard output, at once.
  private static func say(_ line: String) {
    var line = line + "\n"
    line.withUTF8 { _ = write(1, $0.baseAddress, $0.count) }
  }
}
