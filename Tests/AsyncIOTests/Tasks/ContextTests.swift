// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct ContextTests {
  @Test func `callbacks are called with the values of the place where they were scheduled`() async throws {
    let log = Log()
    let loop = EventLoop.current
    try Marker.$value.withValue(1) {
      loop.callSoon { log.add("soon \(Marker.value)") }
      loop.callLater(.milliseconds(1)) {
        log.add("later \(Marker.value)")
        // A callback passes its values on to callbacks that it schedules.
        loop.callSoon { log.add("from later \(Marker.value)") }
      }
      try loop.callSoonThreadsafe { log.add("threadsafe \(Marker.value)") }
    }
    try await sleep(.milliseconds(5))
    #expect(Set(log.entries) == ["soon 1", "later 1", "from later 1", "threadsafe 1"])
  }

  @Test func `a cancelled callback releases what it captured`() async throws {
    final class Captured: Sendable {}
    weak var captured: Captured?
    let handle = {
      let object = Captured()
      captured = object
      return EventLoop.current.callLater(.seconds(1)) { withExtendedLifetime(object) {} }
    }()
    #expect(captured != nil)
    handle.cancel()
    #expect(captured == nil)
  }

  @Test func `tasks have the values of their creator`() async throws {
    let task = Marker.$value.withValue(3) { createTask { Marker.value } }
    #expect(try await task.value == 3)
  }
}
