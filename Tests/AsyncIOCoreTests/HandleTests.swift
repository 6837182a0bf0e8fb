// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import AsyncIOCore

private final class Count: Sendable {
  private let value = Atomic(0)
  func increase() { value.add(1, ordering: .relaxed) }
  var now: Int { value.load(ordering: .relaxed) }
}

@Suite struct HandleTests {
  @Test func `a handle is called once`() {
    let count = Count()
    let handle = Handle { count.increase() }
    handle.call()
    handle.call()
    handle.cancel()
    #expect(count.now == 1)
    #expect(!handle.isCancelled)
  }

  @Test func `a cancelled handle is not called, and lets go of what it captured at once`() {
    weak var captured: Count?
    let handle: Handle
    do {
      let count = Count()
      captured = count
      handle = Handle { count.increase() }
    }
    #expect(captured != nil)
    handle.cancel()
    #expect(captured == nil)
    #expect(handle.isCancelled)
    handle.call()
  }

  @Test func `of a call and cancellations on other threads exactly one wins`() {
    let rounds = 20_000
    let handles = (0..<rounds).map { _ in
      let count = Count()
      return (Handle { count.increase() }, count)
    }
    let ended = [ThreadLatch(), ThreadLatch()]
    for latch in ended {
      startThread(name: "canceller") {
        for (handle, _) in handles.reversed() { handle.cancel() }
        latch.open()
      }
    }
    for (handle, _) in handles { handle.call() }
    for latch in ended { latch.wait() }
    for (handle, count) in handles where (count.now == 1) == handle.isCancelled || count.now > 1 {
      Issue.record("called \(count.now) times, cancelled: \(handle.isCancelled)")
    }
  }
}
