// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import Testing

/// Tasks on several threads at once: each on a loop of its own, and some outside of loops.
@Suite struct QueueStressTests {
  /// Sums of the items put and gotten.
  private struct Sums: Equatable {
    var count = 0
    var sum = 0

    mutating func add(_ number: Int) {
      count += 1
      sum += number
    }
  }

  /// Runs the body once for each number on a loop of its own, and once more outside of loops.
  private func onSeveralThreads(
    _ group: inout ThrowingTaskGroup<Void, any Error>, _ body: @escaping @Sendable (Int) async throws -> Void
  ) {
    for index in 0..<2 { group.addTask { try await withEventLoop { try await body(index) } } }
    group.addTask { try await body(2) }
  }

  @Test(arguments: [1, 3, 0])
  func `every item is gotten once`(maxSize: Int) async throws {
    let queue = Queue<Int>(maxSize: maxSize)
    let perProducer = 1000
    let got = Mutex(Sums())
    try await withThrowingTaskGroup(of: Void.self) { consumers in
      onSeveralThreads(&consumers) { _ in
        for try await number in queue {
          got.withLock { $0.add(number) }
          queue.taskDone()
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { producers in
        onSeveralThreads(&producers) { index in
          for number in 0..<perProducer { try await queue.put(index * perProducer + number) }
        }
        try await producers.waitForAll()
      }
      try await queue.join()
      queue.shutdown()
      try await consumers.waitForAll()
    }
    let total = 3 * perProducer
    #expect(got.withLock { $0 } == Sums(count: total, sum: total * (total - 1) / 2))
    let statistics = queue.statistics
    #expect(statistics.totalPut == total && statistics.totalGot == total && statistics.unfinished == 0)
    #expect(statistics.gettersWaiting == 0 && statistics.puttersWaiting == 0)
    if maxSize > 0 { #expect(statistics.peak <= maxSize) }
  }

  @Test func `the items of each producer stay in order`() async throws {
    let queue = Queue<(producer: Int, number: Int)>(maxSize: 4)
    try await withThrowingTaskGroup(of: Void.self) { consumers in
      onSeveralThreads(&consumers) { _ in
        var last = [-1, -1, -1]
        for try await item in queue {
          #expect(item.number > last[item.producer])
          last[item.producer] = item.number
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { producers in
        onSeveralThreads(&producers) { index in
          for number in 0..<300 { try await queue.put((index, number)) }
        }
        try await producers.waitForAll()
      }
      queue.shutdown()
      try await consumers.waitForAll()
    }
    #expect(queue.isEmpty)
  }

  /// Waiting tasks are cancelled from other threads while items come and go.
  @Test func `a cancellation loses no item and takes none`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let put = Mutex(Sums())
    let got = Mutex(Sums())
    try await withThrowingTaskGroup(of: Void.self) { group in
      onSeveralThreads(&group) { index in
        var tasks: [Task<Void, any Error>] = []
        for round in 0..<300 {
          let number = 1000 * index + round
          tasks.append(
            Task { @Sendable in
              try await queue.put(number)
              put.withLock { $0.add(number) }
            })
          tasks.append(
            Task { @Sendable in
              let number = try await queue.get()
              got.withLock { $0.add(number) }
            })
          if round % 4 == 0 { tasks[round].cancel() }
          if round % 8 == 0, let number = try queue.tryGet() { got.withLock { $0.add(number) } }
        }
        let cancelling = Task.detached { [tasks] in for task in tasks { task.cancel() } }
        for task in tasks { _ = await task.result }
        await cancelling.value
      }
      try await group.waitForAll()
    }
    while let number = try queue.tryGet() { got.withLock { $0.add(number) } }
    #expect(put.withLock { $0 } == got.withLock { $0 })
    let statistics = queue.statistics
    #expect(statistics.totalPut == statistics.totalGot && statistics.peak <= 1)
    #expect(statistics.gettersWaiting == 0 && statistics.puttersWaiting == 0)
  }

  @Test func `a shutdown from another thread frees everyone`() async throws {
    for immediate in [false, true] {
      let queue = PriorityQueue<Int>(maxSize: 1)
      try await withThrowingTaskGroup(of: Void.self) { group in
        onSeveralThreads(&group) { index in
          await withTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
              group.addTask { @Sendable in try? await queue.put(number) }
              group.addTask { @Sendable in while (try? await queue.get()) != nil { queue.taskDone() } }
              group.addTask { @Sendable in try? await queue.join() }
            }
            if index == 1 { queue.shutdown(immediate: immediate) }
          }
        }
        try await group.waitForAll()
      }
      let statistics = queue.statistics
      #expect(statistics.gettersWaiting == 0 && statistics.puttersWaiting == 0 && statistics.unfinished == 0)
      #expect(queue.isEmpty)
    }
  }
}
