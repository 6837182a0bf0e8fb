// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Foundation
import Glibc
import Synchronization
import Testing

/// The last value of a burst, after a pause; like timer libraries, it works with the clock's `now`.
private actor Debounce<Value: Sendable> {
  private let quiet: Duration
  private let clock = ContinuousClock()
  private var last: (value: Value, at: ContinuousClock.Instant)?
  private var isRunning = false
  private(set) var values: [Value] = []

  init(quiet: Duration) { self.quiet = quiet }

  func send(_ value: Value) {
    last = (value, clock.now)
    if !isRunning {
      isRunning = true
      Task { try await run() }
    }
  }

  private func run() async throws {
    while let (value, at) = last {
      let due = at + quiet
      if clock.now < due {
        try await clock.sleep(until: due)
      } else {
        values.append(value)
        last = nil
      }
    }
    isRunning = false
  }
}

/// A cache whose entries age by `Date`.
private struct Cache {
  let lifetime: TimeInterval
  private var entries: [String: (value: Int, stored: Date)] = [:]

  init(lifetime: TimeInterval) { self.lifetime = lifetime }

  mutating func store(_ value: Int, for key: String) { entries[key] = (value, Date()) }

  func value(for key: String) -> Int? {
    guard let entry = entries[key], Date().timeIntervalSince(entry.stored) < lifetime else { return nil }
    return entry.value
  }
}

@Suite(.virtualTime) struct ClockTests {
  @Test func `a ticker by sleep until does not drift`() async throws {
    let clock = ContinuousClock()
    let start = EventLoop.current.time
    var next = clock.now
    var ticks: [Duration] = []
    for _ in 0..<4 {
      next += .seconds(60)
      try await clock.sleep(until: next)
      ticks.append(start.duration(to: EventLoop.current.time))
      // The work of a tick takes time.
      try await sleep(.seconds(7))
    }
    #expect(ticks == [.seconds(60), .seconds(120), .seconds(180), .seconds(240)])
  }

  @Test func `both of Swift's clocks are virtual time`() async throws {
    let (continuous, suspending) = (ContinuousClock.now, SuspendingClock.now)
    #expect(continuous == ContinuousClock.now)
    try await sleep(.nanoseconds(3_600_000_000_001))
    #expect(continuous.duration(to: .now) == .nanoseconds(3_600_000_000_001))
    #expect(suspending.duration(to: .now) == .nanoseconds(3_600_000_000_001))
    let measured = try await ContinuousClock().measure { try await Task.sleep(for: .seconds(60)) }
    #expect(measured == .seconds(60))
  }

  @Test func `date begins with the year 2000 and goes with virtual time`() async throws {
    #expect(Date() == Date(timeIntervalSince1970: 946_684_800))
    #expect(Date.now.formatted(.iso8601) == "2000-01-01T00:00:00Z")
    try await sleep(.seconds(86_400))
    #expect(Date() == Date(timeIntervalSince1970: 946_684_800 + 86_400))
    #expect(ProcessInfo.processInfo.systemUptime == 86_401)
  }

  @Test func `a debounce gives the last of each burst`() async throws {
    let debounce = Debounce<Int>(quiet: .milliseconds(500))
    for value in 1...3 {
      await debounce.send(value)
      try await sleep(.milliseconds(300))
    }
    try await sleep(.milliseconds(199))
    #expect(await debounce.values == [])
    try await sleep(.milliseconds(2))
    #expect(await debounce.values == [3])
    await debounce.send(4)
    try await sleep(.milliseconds(501))
    #expect(await debounce.values == [3, 4])
  }

  @Test func `entries of a cache expire`() async throws {
    var cache = Cache(lifetime: 60)
    cache.store(1, for: "a")
    try await sleep(.seconds(59))
    #expect(cache.value(for: "a") == 1)
    try await sleep(.seconds(1))
    #expect(cache.value(for: "a") == nil)
  }

  @Test @MainActor func `the clocks of the main actor's code are virtual too`() async throws {
    let (start, date) = (ContinuousClock.now, Date())
    try await sleep(.seconds(3600))
    #expect(start.duration(to: .now) == .seconds(3600))
    #expect(Date().timeIntervalSince(date) == 3600)
  }

  @Test func `other threads have the machine's clocks`() async throws {
    let loop = EventLoop.current
    try await sleep(.seconds(86_400 * 365))
    let (date, instant) = try await blocking { (Date(), ContinuousClock.now) }
    #expect(date > Date(timeIntervalSince1970: 1_700_000_000))
    let later = try await blocking { ContinuousClock.now }
    #expect(instant <= later)
    #expect(instant.duration(to: later) < .seconds(3600))
    #expect(loop.isRunningHere)
  }

  @Test func `a spin until time has passed ends`() {
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(5) {}
    #expect(start.duration(to: .now) < .seconds(11))
  }

  // MARK: - Sleeping with the thread

  @Test(arguments: [0, 1, 2, 3]) func `a sleep of the thread takes virtual time only`(way: Int) async throws {
    let start = EventLoop.current.time
    let fired = Log<Duration>()
    EventLoop.current.callLater(.seconds(1)) { fired.append(start.duration(to: EventLoop.current.time)) }
    blockThreadForAnHour(way)
    let passed = start.duration(to: EventLoop.current.time)
    #expect(passed >= .seconds(3600) && passed < .seconds(3601))
    // It blocks the loop, as in real time: timers that were due meanwhile are late.
    #expect(fired.entries == [])
    await Task.yield()
    await Task.yield()
    try await sleep(.milliseconds(1))
    #expect(fired.entries.count == 1)
  }

  @Test func `a wait for another thread with a time limit is real and ends by it`() throws {
    let (start, condition) = (EventLoop.current.time, NSCondition())
    let semaphore = DispatchSemaphore(value: 0)
    #expect(semaphore.wait(timeout: .now() + .milliseconds(20)) == .timedOut)
    #expect(waitFails(condition))
    let passed = start.duration(to: EventLoop.current.time)
    #expect(passed >= .milliseconds(39) && passed < .seconds(1))
    DispatchQueue.global().async { semaphore.signal() }
    #expect(semaphore.wait(timeout: .now() + 60) == .success)
  }
}

private func blockThreadForAnHour(_ way: Int) {
  switch way {
  case 0: Thread.sleep(forTimeInterval: 3600)
  case 1: Thread.sleep(until: Date(timeIntervalSinceNow: 3600))
  case 2: #expect(Glibc.sleep(3600) == 0)
  default: for _ in 0..<3600 { usleep(1_000_000) }
  }
}

private func waitFails(_ condition: NSCondition) -> Bool {
  condition.lock()
  defer { condition.unlock() }
  return !condition.wait(until: Date(timeIntervalSinceNow: 0.02))
}

extension EventLoop {
  fileprivate var isRunningHere: Bool { (try? EventLoop.running) === self }
}

/// A call on a thread that is not the loop's.
private nonisolated(nonsending) func blocking<Value: Sendable>(
  _ body: @escaping @Sendable () -> Value
) async throws -> Value {
  await withCheckedContinuation { continuation in
    Thread { continuation.resume(returning: body()) }.start()
  }
}
