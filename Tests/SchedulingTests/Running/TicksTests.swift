// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import Testing

/// Lines that tasks of any thread add.
final class Log: Sendable {
  private let lines = Mutex<[String]>([])

  var entries: [String] { lines.withLock { $0 } }

  func add(_ line: String) { lines.withLock { $0.append(line) } }

  /// Adds the line with the virtual time before it, in seconds.
  func addNow(_ line: String) { add("\(secondsInTest) \(line)") }
}

/// The seconds since the start of a test in virtual time, with thousandths if there are any.
var secondsInTest: String {
  let nanoseconds = EventLoop.current.time.description
  return nanoseconds.replacing(".0 seconds", with: "").replacing(" seconds", with: "")
}

private struct Failure: Error {}

@Suite(.virtualTime) struct TicksTests {
  @Test func `ticks come at a fixed rate whatever the work between them takes`() async throws {
    let log = Log()
    for try await tick in every(.seconds(10)) {
      log.addNow("\(tick.number)")
      if tick.number == 4 { break }
      try await sleep(.seconds(tick.number * 3))
    }
    #expect(log.entries == ["10 1", "20 2", "30 3", "40 4"])
  }

  @Test func `the first tick may come at once or later`() async throws {
    let log = Log()
    for try await tick in every(.seconds(10), first: .zero) {
      log.addNow("at once")
      if tick.number == 2 { break }
    }
    for try await tick in every(.seconds(10), first: .seconds(1)) {
      log.addNow("later")
      if tick.number == 2 { break }
    }
    #expect(log.entries == ["0 at once", "10 at once", "11 later", "21 later"])
  }

  @Test func `one tick makes up for those that were missed`() async throws {
    let log = Log()
    for try await tick in every(.seconds(10)) {
      log.addNow("\(tick.number), missed \(tick.missed), due \(tick.due)")
      if tick.number == 1 { try await sleep(.seconds(35)) }
      if tick.number == 3 { break }
    }
    #expect(
      log.entries == [
        "10 1, missed 0, due 10.0 seconds", "45 2, missed 2, due 40.0 seconds", "50 3, missed 0, due 50.0 seconds",
      ])
  }

  @Test func `missed ticks are left out or all made up for`() async throws {
    let log = Log()
    for try await tick in every(.seconds(10), missed: .skip()) {
      log.addNow("skip \(tick.number), missed \(tick.missed)")
      if tick.number == 1 { try await sleep(.seconds(35)) }
      if tick.number == 2 { break }
    }
    for try await tick in every(.seconds(10), missed: .all(limit: 2)) {
      log.addNow("all \(tick.number), missed \(tick.missed)")
      if tick.number == 1 { try await sleep(.seconds(45)) }
      if tick.number == 4 { break }
    }
    // Due at 70, 80, 90 and 100 while the second loop slept: the last two are made up for.
    #expect(
      log.entries == [
        "10 skip 1, missed 0", "50 skip 2, missed 3", "60 all 1, missed 0", "105 all 2, missed 2",
        "105 all 3, missed 0",
        "110 all 4, missed 0",
      ])
  }

  @Test func `the body is called until it throws or is cancelled`() async throws {
    let log = Log()
    await #expect(throws: Failure.self) {
      try await every(.seconds(1)) { tick in
        log.addNow("\(tick.number)")
        if tick.number == 3 { throw Failure() }
      }
    }
    let task = createTask { try await every(.seconds(1)) { tick in log.addNow("task \(tick.number)") } }
    try await sleep(.milliseconds(2500))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(log.entries == ["1 1", "2 2", "3 3", "4 task 1", "5 task 2"])
  }

  @Test func `a cancelled wait loses no tick`() async throws {
    var ticks = every(.seconds(10)).makeAsyncIterator()
    for _ in 0..<3 {
      await #expect(throws: TimeoutError.self) { try await withTimeout(.seconds(3)) { _ = try await ticks.next() } }
    }
    let tick = try await ticks.next()
    #expect(tick?.number == 1 && secondsInTest == "10")
  }

  @Test func `iterations have ticks of their own`() async throws {
    let ticks = every(.seconds(10))
    var one = ticks.makeAsyncIterator()
    _ = try await one.next()
    var other = ticks.makeAsyncIterator()
    #expect(try await other.next()?.number == 1)
    #expect(try await one.next()?.number == 2)
    #expect(secondsInTest == "20")
  }

  @Test func `a ticker that is never late runs ten years`() async throws {
    var count = 0
    for try await tick in every(.seconds(86_400)) {
      #expect(tick.missed == 0)
      count += 1
      if count == 3652 { break }
    }
    #expect(EventLoop.current.time.description == "\(3652 * 86_400).0 seconds")
  }
}
