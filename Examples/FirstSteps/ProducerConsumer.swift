// SPDX-License-Identifier: Apache-2.0
// producer_consumer.py, line by line: a queue between two tasks, with room for two items. The producer waits when it is
// full, the consumer when it is empty.

import AsyncIO

func produce(into queue: Queue<Int>) async throws {
  for number in 1...5 {
    try await queue.put(number)
    print("produced", number)
    try await sleep(.milliseconds(100))
  }
  queue.shutdown()
}

func consume(from queue: Queue<Int>) async throws {
  try await sleep(.milliseconds(50))
  for try await number in queue {
    print("consumed", number)
  }
  print("no more")
}

func producerConsumer() async throws {
  let queue = Queue<Int>(maxSize: 2)
  try await withTaskScope { scope in
    scope.createTask { try await produce(into: queue) }
    scope.createTask { try await consume(from: queue) }
  }
}
