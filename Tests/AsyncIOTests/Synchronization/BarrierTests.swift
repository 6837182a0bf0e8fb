// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct BarrierTests {
  /// Starts tasks that arrive at a barrier, one after another.
  private func arrivals(_ count: Int, at barrier: Barrier) async throws -> [Task<Int, any Error>] {
    var tasks: [Task<Int, any Error>] = []
    for _ in 0..<count {
      tasks.append(Task { try await barrier.wait() })
      try await sleep(.milliseconds(1))
    }
    return tasks
  }

  @Test func `nobody goes on until all have come`() async throws {
    let barrier = Barrier(parties: 3)
    let log = Log()
    let tasks = try await arrivals(2, at: barrier).map { task in
      Task {
        let index = try await task.value
        log.add(index)
      }
    }
    #expect(barrier.waitingCount == 2)
    #expect(log.entries == [])
    #expect(try await barrier.wait() == 2)
    #expect(barrier.waitingCount == 0)
    for task in tasks { try await task.value }
    #expect(log.entries.sorted() == ["0", "1"])
  }

  @Test func `each has the number of its arrival`() async throws {
    let barrier = Barrier(parties: 5)
    let tasks = try await arrivals(5, at: barrier)
    for (index, task) in tasks.enumerated() { #expect(try await task.value == index) }
  }

  @Test func `one alone does not wait`() async throws {
    let barrier = Barrier(parties: 1)
    #expect(try await barrier.wait() == 0)
    #expect(try await cancelled { try await barrier.wait() } == 0)
    #expect(barrier.waitingCount == 0)
  }

  @Test func `it serves one round after the other`() async throws {
    let barrier = Barrier(parties: 3)
    let log = Log()
    let tasks = (0..<3).map { _ in
      Task {
        for round in 0..<4 {
          let index = try await barrier.wait()
          log.add("\(round).\(index)")
        }
      }
    }
    for task in tasks { try await task.value }
    for round in 0..<4 {
      let entries = log.entries[round * 3..<round * 3 + 3]
      #expect(entries.sorted() == (0..<3).map { "\(round).\($0)" })
    }
  }

  @Test func `a task that comes while the others go on belongs to the next round`() async throws {
    let barrier = Barrier(parties: 2)
    let tasks = try await arrivals(7, at: barrier)
    for task in tasks[0..<6] { #expect(try await task.value < 2) }
    #expect(barrier.waitingCount == 1)
    tasks[6].cancel()
  }

  @Test func `a cancelled task has not come`() async throws {
    let barrier = Barrier(parties: 3)
    let tasks = try await arrivals(2, at: barrier)
    tasks[0].cancel()
    await #expect(throws: CancellationError.self) { try await tasks[0].value }
    #expect(barrier.waitingCount == 1)
    #expect(!barrier.isBroken)
    let others = try await arrivals(2, at: barrier)
    #expect(try await tasks[1].value == 0)
    #expect(try await others[0].value == 1)
    #expect(try await others[1].value == 2)
  }

  @Test func `a task that is cancelled after the last has come passes like the others`() async throws {
    let barrier = Barrier(parties: 3)
    let tasks = try await arrivals(2, at: barrier)
    #expect(try await barrier.wait() == 2)
    tasks[0].cancel()
    #expect(try await tasks[0].value == 0)
    #expect(try await tasks[1].value == 1)
  }

  @Test func `a task that is cancelled and counted passes like the others`() async throws {
    let barrier = Barrier(parties: 2)
    let tasks = try await arrivals(1, at: barrier)
    tasks[0].cancel()
    // It still counts: it has had no turn to leave.
    #expect(try await barrier.wait() == 1)
    #expect(try await tasks[0].value == 0)
  }

  @Test func `a reset sends away the task that waits`() async throws {
    let barrier = Barrier(parties: 3)
    let tasks = try await arrivals(2, at: barrier)
    barrier.reset()
    #expect(!barrier.isBroken && barrier.waitingCount == 0)
    for task in tasks {
      let error = await #expect(throws: BrokenBarrierError.self) { try await task.value }
      #expect(error?.reason == .reset)
      #expect(error?.description == "Barrier.wait: the barrier was reset")
    }
    let next = try await arrivals(3, at: barrier)
    for (index, task) in next.enumerated() { #expect(try await task.value == index) }
  }

  @Test func `a reset of an empty barrier changes nothing`() async throws {
    let barrier = Barrier(parties: 2)
    barrier.reset()
    let tasks = try await arrivals(2, at: barrier)
    for task in tasks { _ = try await task.value }
  }

  @Test func `a reset does not catch those who have passed`() async throws {
    let barrier = Barrier(parties: 2)
    let tasks = try await arrivals(1, at: barrier)
    _ = try await barrier.wait()
    barrier.reset()
    #expect(try await tasks[0].value == 0)
  }

  @Test func `an aborted barrier lets nobody pass until it is reset`() async throws {
    let barrier = Barrier(parties: 2)
    let tasks = try await arrivals(1, at: barrier)
    barrier.abort()
    #expect(barrier.isBroken && barrier.waitingCount == 0)
    let error = await #expect(throws: BrokenBarrierError.self) { try await tasks[0].value }
    #expect(error?.reason == .aborted)
    #expect(error?.description == "Barrier.wait: the barrier was aborted")
    await #expect(throws: BrokenBarrierError.self) { try await barrier.wait() }
    #expect(barrier.description == "Barrier(broken)")
    barrier.reset()
    #expect(!barrier.isBroken)
    let next = try await arrivals(2, at: barrier)
    for task in next { _ = try await task.value }
  }

  @Test func `a task that fails can send the others away`() async throws {
    struct Failure: Error {}
    let barrier = Barrier(parties: 2)
    let waiting = try await arrivals(1, at: barrier)
    let failing = Task {
      do { throw Failure() } catch {
        barrier.abort()
        throw error
      }
    }
    await #expect(throws: Failure.self) { try await failing.value }
    await #expect(throws: BrokenBarrierError.self) { try await waiting[0].value }
  }

  @Test func `a task that was cancelled before the reset is cancelled`() async throws {
    let barrier = Barrier(parties: 2)
    let tasks = try await arrivals(1, at: barrier)
    tasks[0].cancel()
    barrier.reset()
    await #expect(throws: CancellationError.self) { try await tasks[0].value }
  }

  @Test func `it says what it is`() async throws {
    let barrier = Barrier(parties: 3)
    #expect(barrier.parties == 3)
    let tasks = try await arrivals(2, at: barrier)
    #expect(barrier.description == "Barrier(2 of 3)")
    for task in tasks { task.cancel() }
    let error = await #expect(throws: NoProgressError.self) {
      try await withVirtualTime { _ = try await Barrier(parties: 2).wait() }
    }
    #expect(error?.description.contains("wait at a barrier where 1 of 2 have come") == true)
  }
}
