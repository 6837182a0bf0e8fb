// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Testing

/// Misuse ends the process, with a sentence on standard error.
@Suite struct QueueMisuseTests {
  private func expect(
    _ sentence: String, from result: ExitTest.Result?, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains(sentence), sourceLocation: sourceLocation)
  }

  @Test func `finishing more work than there was`() async {
    let queue = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let queue = Queue<Int>(maxSize: 1)
      _ = try queue.tryPut(1)
      queue.taskDone()
      queue.taskDone()
    }
    expect("Queue.taskDone: called more often than items were put", from: queue)
    let priorities = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      PriorityQueue<Int>(maxSize: 1).taskDone()
    }
    expect("PriorityQueue.taskDone: called more often than items were put", from: priorities)
  }

  @Test func `finishing work that an immediate shutdown has dropped`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let queue = LifoQueue<Int>(maxSize: 1)
      _ = try queue.tryPut(1)
      queue.shutdown(immediate: true)
      queue.taskDone()
    }
    expect("LifoQueue.taskDone: called more often than items were put", from: result)
  }

  @Test func `sizes that are too small`() async {
    let queue = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Queue<Int>(maxSize: -1)
    }
    expect("Queue.init: maxSize is -1; it must be 0 (for any number) or more", from: queue)
    let channel = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Channel<Int>(capacity: -1)
    }
    expect("Channel.init: capacity is -1; it must be 0 or more", from: channel)
    let broadcast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Broadcast<Int>(lag: 0, slow: .wait)
    }
    expect("Broadcast.init: lag is 0; it must be 1 or more", from: broadcast)
  }
}
