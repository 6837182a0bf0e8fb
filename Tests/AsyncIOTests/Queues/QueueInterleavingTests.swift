// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

/// Up to four tasks use the state of the queues and of the channel in every order of events, and some are cancelled at
/// every point. `exploreQueue` says what must hold after each event.
@Suite struct QueueInterleavingTests {
  @Test func twoProducersAndTwoConsumersShareASingleRoom() throws {
    let runs = try exploreQueue(capacity: 1, tasks: [[.put(1)], [.put(11)], [.get], [.get]], cancellations: 2)
    #expect(runs > 10_000)
  }

  @Test func theItemsOfAProducerStayInOrder() throws {
    let runs = try exploreQueue(
      capacity: 1, tasks: [[.put(1), .put(2), .put(3)], [.get, .get], [.get]], cancellations: 1)
    #expect(runs > 5000)
  }

  @Test func threeProducersWaitForTheSameRoom() throws {
    let runs = try exploreQueue(
      capacity: 1, tasks: [[.put(1)], [.put(11)], [.put(21)], [.get, .get]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test func threeConsumersWaitForTheSameItem() throws {
    let runs = try exploreQueue(capacity: 1, tasks: [[.get], [.get], [.get], [.put(1), .put(2)]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test func aQueueWithoutABoundNeverMakesAProducerWait() throws {
    let runs = try exploreQueue(
      capacity: .max, tasks: [[.put(1), .put(2)], [.put(11)], [.get, .get]], cancellations: 1)
    #expect(runs > 500)
  }

  @Test func withoutRoomProducersAndConsumersMeet() throws {
    let runs = try exploreQueue(capacity: 0, tasks: [[.put(1)], [.put(11)], [.get], [.get]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test(arguments: [false, true])
  func aShutdownFreesThoseWhoWait(immediate: Bool) throws {
    let producers = try exploreQueue(
      capacity: 1, tasks: [[.put(1), .put(2)], [.put(11)], [.get], [.shutdown(immediate: immediate)]], cancellations: 1)
    #expect(producers > 1000)
    let consumers = try exploreQueue(
      capacity: 1, tasks: [[.get], [.get], [.put(1)], [.shutdown(immediate: immediate)]], cancellations: 2)
    #expect(consumers > 1000)
  }

  @Test func joinWaitsForAllWorkAndNoLonger() throws {
    let runs = try exploreQueue(
      capacity: 1, tasks: [[.put(1), .put(2)], [.get, .taskDone, .get, .taskDone], [.join]], cancellations: 1)
    #expect(runs > 1000)
    let two = try exploreQueue(
      capacity: 2, tasks: [[.put(1)], [.get, .taskDone, .taskDone], [.join], [.join]], cancellations: 1)
    #expect(two > 1000)
  }

  @Test func anImmediateShutdownFinishesTheWorkThatNobodyGot() throws {
    let runs = try exploreQueue(
      capacity: 2, tasks: [[.put(1)], [.get, .taskDone], [.join], [.shutdown(immediate: true)]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test func aPriorityQueueGivesOutTheSmallest() throws {
    let runs = try exploreQueue(
      PriorityOrder<Int>.self, capacity: 2, tasks: [[.put(3), .put(1)], [.put(2)], [.get, .get]], cancellations: 1)
    #expect(runs > 500)
  }

  @Test func aStackLosesNothing() throws {
    let runs = try exploreQueue(
      LIFOOrder<Int>.self, capacity: 1, tasks: [[.put(1), .put(2)], [.put(11)], [.get, .get]], cancellations: 1)
    #expect(runs > 1000)
  }
}
