// SPDX-License-Identifier: Apache-2.0
// Two tasks pass items through a bounded queue that holds one.

@MainActor func measureQueue(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  let queue = SingleItemQueue()
  let producer = Task { for index in 0..<count { await queue.put(index) } }
  let consumer = Task {
    var sum = 0
    for _ in 0..<count { sum += await queue.get() }
    return sum
  }
  await producer.value
  let sum = await consumer.value
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// The same between tasks of no actor.
@MainActor func measureQueueConcurrent(_ count: Int) async -> Report {
  let stopwatch = Stopwatch()
  // Safety: both tasks run on the one loop that there is.
  nonisolated(unsafe) let queue = SingleItemQueue()
  let producer = Task { @concurrent in for index in 0..<count { await queue.put(index) } }
  let consumer = Task { @concurrent in
    var sum = 0
    for _ in 0..<count { sum += await queue.get() }
    return sum
  }
  await producer.value
  let sum = await consumer.value
  precondition(sum == sumOfIndices(count))
  return stopwatch.report(operations: count)
}

/// A bounded queue of one, for one producer and one consumer on the same loop. Not `Sendable`: whoever made it keeps it
/// on one actor, so its methods run there and need no lock.
final class SingleItemQueue {
  private var item: Int?
  private var getter: UnsafeContinuation<Int, Never>?
  private var putter: (item: Int, continuation: UnsafeContinuation<Void, Never>)?

  nonisolated(nonsending) func put(_ item: Int) async {
    if let getter = getter.take() {
      getter.resume(returning: item)
    } else if self.item == nil {
      self.item = item
    } else {
      await withUnsafeContinuation { putter = (item, $0) }
    }
  }

  nonisolated(nonsending) func get() async -> Int {
    guard let item else { return await withUnsafeContinuation { getter = $0 } }
    if let putter = putter.take() {
      self.item = putter.item
      putter.continuation.resume()
    } else {
      self.item = nil
    }
    return item
  }
}
