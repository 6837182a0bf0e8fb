// SPDX-License-Identifier: Apache-2.0

import Glibc
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

/// A call that stalls a loop for a while, and returns whether it completed.
enum StallingCall: String, CaseIterable, CustomTestStringConvertible {
  case usleep, nanosleep, poll, select, signalWait, pipe, computation

  var testDescription: String { rawValue }

  @inline(never) func stall(_ milliseconds: Int, _ reader: Int32) -> Bool {
    errno = 0
    switch self {
    case .usleep: return Glibc.usleep(UInt32(milliseconds) * 1000) == 0
    case .nanosleep:
      var time = timespec(tv_sec: 0, tv_nsec: milliseconds * 1_000_000)
      return Glibc.nanosleep(&time, nil) == 0
    case .poll: return Glibc.poll(nil, 0, Int32(milliseconds)) == 0
    case .select:
      var time = timeval(tv_sec: 0, tv_usec: milliseconds * 1000)
      return Glibc.select(0, nil, nil, nil, &time) == 0
    case .signalWait:
      var (none, time) = (sigset_t(), timespec(tv_sec: 0, tv_nsec: milliseconds * 1_000_000))
      sigemptyset(&none)
      return sigtimedwait(&none, nil, &time) == -1 && errno == EAGAIN
    case .pipe:
      // Another thread sends the bytes that it waits for, in that time.
      var byte: UInt8 = 0
      return read(reader, &byte, 1) == 1
    case .computation:
      let end = ContinuousClock.now + .milliseconds(milliseconds)
      while ContinuousClock.now < end {}
      return true
    }
  }
}

/// Returns how many calls there were, and whether all completed.
@inline(never) private func stallUntilTold(
  _ call: StallingCall, _ told: Flag, _ reader: Int32
) -> (calls: Int, areWhole: Bool) {
  var result = (calls: 0, areWhole: true)
  while !told.isRaised {
    let began = ContinuousClock.now
    let isWhole = call.stall(10, reader) && (call == .pipe || ContinuousClock.now - began >= .milliseconds(10))
    result = (result.calls + 1, result.areWhole && isWhole)
  }
  return result
}

private func spin(until flag: Flag) {
  startThread(name: "busy") { while !flag.isRaised {} }
}

@Suite(.serialized) struct StallWatchdogTests {
  @Test(arguments: StallingCall.allCases)
  func `every stall on a busy machine is reported with its work, and its calls are not cut short`(
    call: StallingCall
  ) async throws {
    let isOver = Flag()
    defer { isOver.raise() }
    for _ in 0..<2 { spin(until: isOver) }
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (reader, writer) = (ends[0], ends[1])
    startThread(name: "feeder") {
      while !isOver.isRaised && call == .pipe && write(writer, "x", 1) == 1 { usleep(10_000) }
      close(writer)
      close(reader)
    }
    try await onLoop(backends.last!) { loop in
      for round in 0..<3 {
        let told = Flag()
        let reports = Reports()
        let watchdog = loop.watchStalls(limit: .milliseconds(5)) { report in
          reports.all.withLock { $0.append(report) }
          told.raise()
        }
        // Only the first report ends the stall, so it came in time.
        let task = Task(name: "stall \(round)", executorPreference: loop.taskExecutor) {
          stallUntilTold(call, told, reader)
        }
        let result = await task.value
        watchdog.stop()
        #expect(result.areWhole && result.calls > 0)
        let report = try #require(reports.all.withLock { $0.first })
        #expect(report.taskName == "stall \(round)")
        let text = report.description
        #expect(text.contains("stallUntilTold"), "\(report.backtrace?.debugDescription ?? "")")
        #expect(text.split(separator: "\n").count <= 10, "\(text)")
        #expect(!text.contains("EventLoop.turn") && !text.contains("swift_job_run"), "\(text)")
      }
    }
  }

  @Test(arguments: backends) func `a job that spins is reported with its task and its function while it spins`(
    backend: BackendKind
  ) async throws {
    try await withLoop(backend) { loop in
      let told = Flag()
      let reports = Reports()
      // The first report ends the spinning, so it came during it.
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
        == "asyncio: the event loop has been stuck for 312 ms (the job ended before its backtrace could be taken)")
    var stuck = report
    stuck.outlastedCapture = true
    #expect(stuck.description.hasSuffix(" 312 ms (its backtrace could not be taken)"))
  }

  @Test(arguments: [(nil, false), ("", false), ("0", false), ("1", true), ("yes", true)] as [(String?, Bool)])
  func `the debug mode is on with any value but 0`(value: String?, isOn: Bool) {
    #expect(DebugMode.isOn(value) == isOn)
  }
}
