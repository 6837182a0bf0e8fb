// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOCore

@Suite struct LineWaitTests {
  /// One thread has taken the wait out of the line, and is about to resume it. Meanwhile the task is cancelled and
  /// finds its grant, and its loop ends.
  @Test(arguments: backends) func `a loop outlives a thread that is about to resume a task of it`(
    backend: BackendKind
  ) async throws {
    let ending = Ending()
    let isTaken = ThreadLatch()
    let isOver = ThreadLatch()
    ending.settlement.whenSettled {
      isTaken.open()
      isOver.wait()
    }
    var thread: LoopThread? = try makeLoop(backend)
    let loop = WeakLoop(thread!.loop)
    let task = Task(executorPreference: thread!.loop.taskExecutor) {
      try await ending.settlement.wait(WaitReason("test"))
    }
    while await thread!.loop.callbacks({ loop, finish in finish(loop.statistics.waiting) }) == 0 {}
    async let resumed: Bool = onThread { ending.settlement.finish(.succeeded) }
    try await onThread { isTaken.wait() }
    task.cancel()
    try await task.value
    await thread!.end()
    thread = nil
    #expect(loop.loop != nil)
    isOver.open()
    #expect(try await resumed)
    #expect(loop.loop == nil)
  }
}

private final class Ending: Sendable {
  let settlement = Settlement()
}

private final class WeakLoop {
  weak var loop: EventLoop?

  init(_ loop: EventLoop) { self.loop = loop }
}
