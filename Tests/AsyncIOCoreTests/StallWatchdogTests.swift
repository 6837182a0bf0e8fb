// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import ThreadBacktraces

@testable import AsyncIOCore

private final class Flag: Sendable {
  private let raised = Atomic(false)
  var isRaised: Bool { raised.load(ordering: .acquiring) }
  func raise() { raised.store(true, ordering: .releasing) }
}

private final class Reports: Sendable {
  let all = Mutex<[StallReport]>([])
}

@inline(never) private func spinUntilTold(_ flag: Flag) -> Int {
  var rounds = 0
  while !flag.isRaised { rounds &+= 1 }
  return rounds
}

@Suite struct StallWatchdogTests {
  @Test(arguments: backends) func `a job that spins is reported with its task and its function while it spins`(
    backend: BackendKind
  ) async throws {
    try await withLoop(backend, namesTasks: true) { loop in
      let told = Flag()
      let reports = Reports()
      // The first report ends the spinning, so it came while that went on.
      let watchdog = loop.watchStalls(limit: .milliseconds(5)) { report in
        reports.all.withLock { $0.append(report) }
        if report.backtrace?.frames.contains(where: { $0.symbol?.contains("spinUntilTold") == true }) == true {
          told.raise()
        }
      }
      let task = Task(name: "spinner", executorPreference: loop.taskExecutor) {
        try await loop.sleep(.nanoseconds(1))
        return spinUntilTold(told)
      }
      #expect(try await task.value > 0)
      watchdog.stop()
      let report = try #require(reports.all.withLock { $0.last })
      #expect(report.taskName == "spinner")
      #expect(report.duration >= .milliseconds(5))
      #expect(report.threadID == loop.heartbeat.threadID)
      #expect(report.description.hasPrefix("asyncio: the event loop has been stuck for "))
      #expect(report.description.contains(" ms in task \"spinner\"\n"))
    }
  }

  @Test func `a report without a backtrace or a name is one line`() {
    let report = StallReport(duration: .milliseconds(312), taskName: nil, threadID: 1, backtrace: nil)
    #expect(
      report.description
        == "asyncio: the event loop has been stuck for 312 ms (it went on before its backtrace could be taken)")
  }

  @Test(arguments: [(nil, false), ("", false), ("0", false), ("1", true), ("yes", true)] as [(String?, Bool)])
  func `the debug mode is on with any value but 0`(value: String?, isOn: Bool) {
    #expect(DebugMode.isOn(value) == isOn)
  }
}
