// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct EventTests {
  @Test func `a task that waits goes on when it is set`() async throws {
    let event = Event()
    let log = Log()
    let tasks = (0..<3).map { index in
      Task {
        try await event.wait()
        log.add(index)
      }
    }
    try await sleep(.milliseconds(1))
    #expect(log.entries == [])
    event.set()
    #expect(event.isSet)
    for task in tasks { try await task.value }
    #expect(Set(log.entries) == ["0", "1", "2"])
  }

  @Test func `they go on in the order in which they came`() async throws {
    // Real time: virtual time runs ready tasks in a random order, not in that of their resumption.
    let order = try await withEventLoop {
      let event = Event()
      let log = Log()
      let tasks = (0..<4).map { index in
        Task {
          try await event.wait()
          log.add(index)
        }
      }
      try await sleep(.milliseconds(1))
      event.set()
      for task in tasks { try await task.value }
      return log.entries
    }
    #expect(order == ["0", "1", "2", "3"])
  }

  @Test func `an event that is set lets everybody through`() async throws {
    let event = Event()
    event.set()
    event.set()
    try await event.wait()
    try await cancelled { try await event.wait() }
    #expect(event.isSet)
  }

  @Test func `all who wait go on even if it is cleared at once`() async throws {
    let event = Event()
    let waiting = (0..<4).map { _ in Task { try await event.wait() } }
    try await sleep(.milliseconds(1))
    event.set()
    event.clear()
    #expect(!event.isSet)
    for task in waiting { try await task.value }
  }

  @Test func `a task that comes after it was cleared waits for the next time`() async throws {
    let event = Event()
    let log = Log()
    event.set()
    event.clear()
    let task = Task {
      try await event.wait()
      log.add("through")
    }
    try await sleep(.milliseconds(1))
    #expect(log.entries == [])
    event.set()
    try await task.value
    #expect(log.entries == ["through"])
  }

  @Test func `a cancelled task waits no more`() async throws {
    let event = Event()
    let task = Task { try await event.wait() }
    try await sleep(.milliseconds(1))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(event.description == "Event(unset, 0 waiting)")
    await #expect(throws: CancellationError.self) { try await cancelled { try await event.wait() } }
  }

  @Test func `a task that was cancelled before it was set is cancelled`() async throws {
    let event = Event()
    let first = Task { try await event.wait() }
    let second = Task { try await event.wait() }
    try await sleep(.milliseconds(1))
    first.cancel()
    event.set()
    await #expect(throws: CancellationError.self) { try await first.value }
    try await second.value
  }

  @Test func `a task that is cancelled after it was set goes on`() async throws {
    let event = Event()
    let task = Task { try await event.wait() }
    try await sleep(.milliseconds(1))
    event.set()
    task.cancel()
    try await task.value
  }

  @Test func `it says what it is`() async throws {
    let event = Event()
    #expect(event.description == "Event(unset, 0 waiting)")
    let task = Task { try await event.wait() }
    try await sleep(.milliseconds(1))
    #expect(event.description == "Event(unset, 1 waiting)")
    event.set()
    try await task.value
    #expect(event.description == "Event(set, 0 waiting)")
  }

  @Test func `a task that waits for ever is reported`() async throws {
    let error = await #expect(throws: NoProgressError.self) {
      try await withVirtualTime { try await Event().wait() }
    }
    #expect(error?.description.contains("wait for an event with 1 in line") == true)
  }
}
