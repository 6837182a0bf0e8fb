// SPDX-License-Identifier: Apache-2.0

import CLinux
import Testing

@testable import AsyncIOCore

private actor Counter {
  var value = 0
  func increase(on loop: EventLoop) async -> Bool {
    let isHere = loop.isCurrent
    await loop.yield()
    value += 1
    return isHere && loop.isCurrent
  }
}

@Suite struct TaskTests {
  @Test(arguments: backends) func `tasks, detached tasks, actors and async let stay on the loop that started them`(
    backend: BackendKind
  ) async throws {
    try await onLoop(backend) { loop in
      #expect(loop.isCurrent)
      let fromTask = await Task {
        await Task.yield()
        return loop.isCurrent
      }.value
      #expect(fromTask)
      let detached = await Task.detached {
        await Task.yield()
        let inner = await Task.detached { loop.isCurrent }.value
        return inner && loop.isCurrent
      }.value
      #expect(detached)
      async let child = isOn(loop)
      #expect(await child)
      let counter = Counter()
      #expect(await counter.increase(on: loop))
      let all = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<100 { group.addTask { await counter.increase(on: loop) } }
        return await group.allSatisfy { $0 }
      }
      #expect(all)
      #expect(await counter.value == 101)
      #expect(loop.isCurrent)
    }
  }

  @Test(arguments: backends) func `a call from outside hops to the loop's thread`(
    backend: BackendKind
  ) async throws {
    try await withLoop(backend) { loop in
      let isCurrent = await loop.anchor.run {
        await loop.yield()
        return loop.isCurrent
      }
      #expect(isCurrent)
    }
  }

  @Test(arguments: backends) func `the end of a loop cancels the tasks that wait on it, which may clean up`(
    backend: BackendKind
  ) async throws {
    let thread = try makeLoop(backend)
    let loop = thread.loop
    let log = Log<String>()
    let task = Task(executorPreference: loop.taskExecutor) {
      do { try await loop.sleep(.seconds(3600)) } catch { log.note("cancelled") }
      await loop.yield()
      log.note("cleaned up")
      return loop.isCurrent
    }
    while await loop.callbacks({ loop, finish in finish(loop.statistics.waiting) }) == 0 {}
    await thread.end()
    #expect(await task.value)
    #expect(log.entries == ["cancelled", "cleaned up"])
  }

  @Test(arguments: backends) func `a waiting task is reported with its name and its reason`(
    backend: BackendKind
  ) async throws {
    try await onLoop(backend, namesTasks: true) { loop in
      let task = Task(name: "sleeper") { try await loop.sleep(.seconds(3600)) }
      await turns(of: loop) { loop.statistics.waiting == 1 }
      #expect(loop.waitingTasks().map { $0.name } == ["sleeper"])
      #expect(loop.waitingTasks().map { $0.reason } == ["sleep"])
      task.cancel()
      _ = await task.result
    }
  }

  @Test(arguments: backends) func `a blocking call runs elsewhere and its result comes back to the loop`(
    backend: BackendKind
  ) async throws {
    try await onLoop(backend) { loop in
      let thread = asyncio_thread_id()
      let other = try await loop.runBlocking(WaitReason("test")) { asyncio_thread_id() }
      #expect(other != thread)
      #expect(loop.isCurrent)
    }
  }
}

private func isOn(_ loop: EventLoop) async -> Bool {
  await loop.yield()
  return loop.isCurrent
}
