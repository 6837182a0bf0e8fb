// SPDX-License-Identifier: Apache-2.0
// The jobs of a small shop. `scheduler [ZONE [DAYS]]`: by default in Europe/Berlin, until Ctrl-C or SIGTERM. With a
// number of days the program runs them in virtual time, from a Saturday on before the clocks go forward.
//
// It shows jobs by cron expressions and at a fixed rate, what happens to a job at 02:30 when there is no 02:30, a job
// that takes longer than its interval, and one that fails.

import AsyncIO
import AsyncIOTesting
import Glibc

struct StockUnknown: Error, CustomStringConvertible {
  var description: String { "the warehouse didn't answer" }
}

@MainActor func runShop(in zone: ZoneRules) async throws {
  func tell(_ text: String) {
    let now = WallTime.now.secondsSince1970
    print(zone.civil(at: now), zone.period(at: now).abbreviation, text)
    fflush(nil)
  }
  EventLoop.current.setExceptionHandler { _, context in print("error:", context) }
  try await withTaskScope { scope in
    try scope.schedule(.cron("30 2 * * *", in: zone), name: "backup") { run in
      tell("backup \(run.number)")
    }
    try scope.schedule(.cron("0 8 * * MON-FRI", in: zone), name: "report") { _ in
      tell("report to the boss")
    }
    // Longer than twelve hours, sometimes: the next one waits for its end.
    scope.schedule(.every(.seconds(12 * 3600), first: .seconds(11 * 3600)), name: "crawl", overlap: .queue(limit: 1)) {
      run in
      tell("crawl \(run.number) begins")
      try await sleep(.seconds(run.number == 1 ? 14 * 3600 : 1800))
      tell("crawl \(run.number) ends")
    }
    scope.schedule(.every(.seconds(24 * 3600), first: .seconds(23 * 3600)), name: "stock") { run in
      if run.number == 2 { throw StockUnknown() }
      tell("stock counted")
    }
  }
}

@main struct Scheduler {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    EventLoop.runMain {
      let zone = try ZoneRules.named(words.first ?? "Europe/Berlin")
      guard let days = words.dropFirst().first.flatMap({ Int($0) }) else { return try await runShop(in: zone) }
      try await withVirtualTime {
        EventLoop.current.setWallTime(WallTime("2026-03-28T11:00:00Z")!)
        try await moveOnAfter(.seconds(days * 86_400)) { try await runShop(in: zone) }
      }
    }
  }
}
