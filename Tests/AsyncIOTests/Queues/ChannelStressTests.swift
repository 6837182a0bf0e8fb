// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Synchronization
import Testing

/// Channels and broadcasts between several threads.
@Suite struct ChannelStressTests {
  @Test(arguments: [0, 2])
  func `every item is received once`(capacity: Int) async throws {
    let channel = Channel<Int>(capacity: capacity)
    let received = Mutex<[Int]>([])
    try await withThrowingTaskGroup(of: Void.self) { receivers in
      for index in 0..<3 {
        let receive = { @Sendable in
          var numbers: [Int] = []
          for try await number in channel { numbers.append(number) }
          received.withLock { [numbers] in $0 += numbers }
        }
        receivers.addTask {
          if index == 2 { try await receive() } else { try await withEventLoop { try await receive() } }
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { senders in
        for sender in 0..<3 {
          let send = { @Sendable in
            for number in 0..<300 { try await channel.send(300 * sender + number) }
          }
          senders.addTask { if sender == 2 { try await send() } else { try await withEventLoop { try await send() } } }
        }
        try await senders.waitForAll()
      }
      channel.close()
      try await receivers.waitForAll()
    }
    #expect(received.withLock { $0.sorted() } == Array(0..<900))
    #expect(channel.statistics.peak <= capacity)
  }

  @Test(arguments: [SlowConsumerPolicy.wait, .dropOldest])
  func `every subscriber receives each item or misses it`(policy: SlowConsumerPolicy) async throws {
    let broadcast = Broadcast<Int>(lag: 8, slow: policy)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<3 {
        let subscription = broadcast.subscribe()
        let receive = { @Sendable in
          var count = 0
          var last = -1
          for try await number in subscription {
            #expect(number > last)
            last = number
            count += 1
          }
          #expect(count + subscription.missed == 600)
          if policy == .wait { #expect(count == 600) }
        }
        group.addTask { if index == 2 { try await receive() } else { try await withEventLoop { try await receive() } } }
      }
      group.addTask {
        // Meanwhile other subscribers come and go.
        for _ in 0..<50 { _ = try broadcast.subscribe().tryReceive() }
      }
      try await withEventLoop { for number in 0..<600 { try await broadcast.send(number) } }
      broadcast.close()
      try await group.waitForAll()
    }
    #expect(broadcast.subscriberCount == 0)
  }
}
