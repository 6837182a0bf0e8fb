// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct QueueTests {
  @Test func `gives items out in the order in which they came`() async throws {
    let queue = Queue<Int>(maxSize: 3)
    for number in 1...3 { try await queue.put(number) }
    #expect([try await queue.get(), try await queue.get(), try await queue.get()] == [1, 2, 3])
    #expect(queue.isEmpty)
  }

  @Test func `knows how full it is`() async throws {
    let queue = Queue<Int>(maxSize: 2)
    #expect(queue.maxSize == 2 && queue.isEmpty && !queue.isFull)
    try await queue.put(1)
    #expect(queue.count == 1 && !queue.isEmpty && !queue.isFull)
    try await queue.put(2)
    #expect(queue.count == 2 && queue.isFull)
    _ = try await queue.get()
    #expect(queue.count == 1 && !queue.isFull)
  }

  @Test func `a queue without a bound is never full`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    #expect(queue.maxSize == 0)
    for number in 0..<1000 { #expect(try queue.tryPut(number)) }
    #expect(queue.count == 1000 && !queue.isFull)
    for number in 0..<1000 { #expect(try queue.tryGet() == number) }
    #expect(try queue.tryGet() == nil)
  }

  @Test func `what need not wait says whether it could`() throws {
    let queue = Queue<Int>(maxSize: 1)
    #expect(try queue.tryGet() == nil)
    #expect(try queue.tryPut(1))
    #expect(try !queue.tryPut(2))
    #expect(try queue.tryGet() == 1)
    #expect(try queue.tryGet() == nil)
  }

  @Test func `get waits for an item`() async throws {
    let queue = Queue<String>(maxSize: 1)
    let getter = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    #expect(queue.statistics.gettersWaiting == 1)
    #expect(try queue.tryPut("item"))
    #expect(try await getter.value == "item")
  }

  @Test func `put waits for room`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let log = Log()
    let putter = Task {
      for number in 1...3 {
        try await queue.put(number)
        log.add(number)
      }
    }
    try await sleep(.milliseconds(1))
    #expect(log.entries == ["1"])
    #expect(queue.statistics.puttersWaiting == 1)
    #expect(try await queue.get() == 1)
    try await sleep(.milliseconds(1))
    #expect(log.entries == ["1", "2"])
    #expect(try await queue.get() == 2)
    try await putter.value
    #expect(try await queue.get() == 3)
  }

  @Test func `a waiting item moves in as soon as there is room`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    try await queue.put(1)
    let putter = Task { try await queue.put(2) }
    try await sleep(.milliseconds(1))
    #expect(try queue.tryGet() == 1)
    #expect(queue.isFull, "who waits for room is not overtaken")
    #expect(try !queue.tryPut(3))
    #expect(try queue.tryGet() == 2)
    try await putter.value
  }

  @Test func `an item goes to the task that waits for it`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let getter = Task { try await queue.get() }
    try await sleep(.milliseconds(1))
    #expect(try queue.tryPut(1))
    #expect(try queue.tryGet() == nil, "who waits for an item is not overtaken")
    #expect(try queue.tryPut(2))
    #expect(try await getter.value == 1)
    #expect(try queue.tryGet() == 2)
  }

  @Test func `tasks are served in the order in which they came`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let getters = Log()
    var tasks: [Task<Void, any Error>] = []
    for index in 0..<3 {
      tasks.append(Task { getters.add("\(index) got \(try await queue.get())") })
      try await sleep(.milliseconds(1))
    }
    for number in 10..<13 { try await queue.put(number) }
    for task in tasks { try await task.value }
    #expect(Set(getters.entries) == ["0 got 10", "1 got 11", "2 got 12"])

    for number in 20..<24 {
      tasks.append(Task { try await queue.put(number) })
      try await sleep(.milliseconds(1))
    }
    for number in 20..<24 { #expect(try await queue.get() == number) }
  }

  @Test func `producers and consumers finish together`() async throws {
    let queue = Queue<Int>(maxSize: 2)
    let sums = try await withThrowingTaskGroup(of: Int.self) { group in
      for producer in 0..<3 {
        group.addTask {
          for number in 0..<100 { try await queue.put(100 * producer + number) }
          return 0
        }
      }
      for _ in 0..<2 {
        group.addTask {
          var sum = 0
          for _ in 0..<150 { sum += try await queue.get() }
          return sum
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(sums == (0..<300).reduce(0, +))
    #expect(queue.isEmpty)
  }

  @Test func `a task that never has to wait lets others run`() async throws {
    let queue = Queue<Int>(maxSize: 0)
    let hasRun = Log()
    let other = Task { hasRun.add("other") }
    for number in 0..<1000 {
      try await queue.put(number)
      _ = try await queue.get()
    }
    #expect(hasRun.entries == ["other"])
    await other.value
  }

  @Test func `iteration gets everything until the queue is shut down`() async throws {
    let queue = Queue<Int>(maxSize: 2)
    let numbers = Task {
      var numbers: [Int] = []
      for try await number in queue { numbers.append(number) }
      return numbers
    }
    for number in 0..<10 { try await queue.put(number) }
    queue.shutdown()
    #expect(try await numbers.value == Array(0..<10))
  }

  @Test func `iteration throws when its task is cancelled`() async throws {
    let queue = Queue<Int>(maxSize: 1)
    let log = Log()
    let iterating = Task {
      for try await number in queue { log.add("\(number)") }
      log.add("behind the loop")
    }
    try await queue.put(1)
    try await sleep(.milliseconds(1))
    iterating.cancel()
    await #expect(throws: CancellationError.self) { try await iterating.value }
    #expect(log.entries == ["1"])
    #expect(queue.statistics.gettersWaiting == 0)
  }

  @Test func `iteration stays on the actor that it is written in`() async throws {
    actor Consumer {
      var numbers: [Int] = []
      func consume(_ queue: Queue<Int>) async throws {
        for try await number in queue {
          assertIsolated()
          numbers.append(number)
        }
      }
    }
    let queue = Queue<Int>(maxSize: 1)
    let consumer = Consumer()
    let consuming = Task { try await consumer.consume(queue) }
    for number in 0..<5 { try await queue.put(number) }
    queue.shutdown()
    try await consuming.value
    #expect(await consumer.numbers == Array(0..<5))
  }

  @Test func `tells what it has seen`() async throws {
    let queue = Queue<Int>(maxSize: 2)
    #expect("\(queue)" == "Queue(0 of 2 items)")
    try await queue.put(1)
    try await queue.put(2)
    let putter = Task { try await queue.put(3) }
    try await sleep(.milliseconds(1))
    #expect("\(queue)" == "Queue(2 of 2 items, 1 waiting to put, 2 unfinished)")
    _ = try await queue.get()
    try await putter.value
    queue.taskDone()
    queue.shutdown()
    #expect("\(queue)" == "Queue(2 of 2 items, 2 unfinished, shut down)")
    let statistics = queue.statistics
    #expect(statistics.count == 2 && statistics.peak == 2 && statistics.totalPut == 3 && statistics.totalGot == 1)
    #expect(statistics.puttersWaiting == 0 && statistics.gettersWaiting == 0)
    #expect(statistics.unfinished == 2 && statistics.isShutDown)
    #expect("\(Queue<Int>(maxSize: 0))" == "Queue(0 items)")
  }
}
