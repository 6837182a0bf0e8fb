// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import AsyncIOCore

/// An inbox that several threads can share.
private final class SharedInbox: Sendable {
  let inbox = Inbox()
}

@Suite struct InboxTests {
  @Test func `items come out in the order in which they went in`() {
    let inbox = Inbox()
    var queue = RunQueue()
    let log = Log<Int>()
    for round in 0..<3 {
      for index in 0..<10 {
        let pushed = inbox.push(ReadyItem(Handle { log.note(round * 10 + index) }))
        #expect(pushed == (index == 0 ? .first : .followed))
      }
      #expect(inbox.isEmpty == false)
      inbox.drain(into: &queue)
      #expect(inbox.isEmpty == true)
    }
    while !queue.isEmpty { queue.removeFirst().takeHandle().call() }
    #expect(log.entries == Array(0..<30))
  }

  @Test func `nothing enters a closed inbox, and what was in it comes out`() {
    let inbox = Inbox()
    var queue = RunQueue()
    #expect(inbox.push(ReadyItem(Handle {})) == .first)
    inbox.close(into: &queue)
    #expect(queue.count == 1)
    let late = ReadyItem(Handle {})
    #expect(inbox.push(late) == .closed)
    inbox.close(into: &queue)
    #expect(queue.count == 1)
    _ = late.takeHandle()
    _ = queue.removeFirst().takeHandle()
  }

  @Test func `four threads push 100,000 each while one drains: none is lost, and each thread's order is kept`() {
    let producers = 4
    let each = 100_000
    let shared = SharedInbox()
    let log = Log<(producer: Int, number: Int)>()
    let ended = (0..<producers).map { _ in ThreadLatch() }
    for producer in 0..<producers {
      startThread(name: "producer") {
        for number in 0..<each { _ = shared.inbox.push(ReadyItem(Handle { log.note((producer, number)) })) }
        ended[producer].open()
      }
    }
    var queue = RunQueue()
    while log.entries.count < producers * each {
      shared.inbox.drain(into: &queue)
      while !queue.isEmpty { queue.removeFirst().takeHandle().call() }
    }
    for latch in ended { latch.wait() }
    #expect(shared.inbox.isEmpty == true)
    var next = Array(repeating: 0, count: producers)
    for (producer, number) in log.entries {
      if number != next[producer] { Issue.record("thread \(producer): \(number) instead of \(next[producer])") }
      next[producer] = number + 1
    }
    #expect(next == Array(repeating: each, count: producers))
  }

  @Test func `while threads push, closing takes each item in or turns it away`() {
    let each = 20_000
    let shared = SharedInbox()
    let threads = 2
    let ended = (0..<threads).map { _ in ThreadLatch() }
    let outcome = Outcome()
    for thread in 0..<threads {
      startThread(name: "producer") {
        for _ in 0..<each {
          let item = ReadyItem(Handle { outcome.entered.add(1, ordering: .relaxed) })
          if shared.inbox.push(item) == .closed {
            _ = item.takeHandle()
            outcome.refused.add(1, ordering: .relaxed)
          }
        }
        ended[thread].open()
      }
    }
    var queue = RunQueue()
    while queue.count < each / 4 { shared.inbox.drain(into: &queue) }
    shared.inbox.close(into: &queue)
    while !queue.isEmpty { queue.removeFirst().takeHandle().call() }
    for latch in ended { latch.wait() }
    #expect(
      outcome.entered.load(ordering: .relaxed) + outcome.refused.load(ordering: .relaxed) == threads * each)
  }
}

private final class Outcome: Sendable {
  let entered = Atomic(0)
  let refused = Atomic(0)
}
