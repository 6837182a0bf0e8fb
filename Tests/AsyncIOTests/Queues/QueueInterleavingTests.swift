// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

/// Up to four tasks use the state of the queues and of the channel in every order of events, and some are cancelled at
/// every point. `exploreQueue` says what must hold after each event.
@Suite struct QueueInterleavingTests {
  @Test func `two producers and two consumers share a single room`() throws {
    let runs = try exploreQueue(capacity: 1, tasks: [[.put(1)], [.put(11)], [.get], [.get]], cancellations: 2)
    #expect(runs > 10_000)
  }

  @Test func `the items of a producer stay in order`() throws {
    let runs = try exploreQueue(
      capacity: 1, tasks: [[.put(1), .put(2), .put(3)], [.get, .get], [.get]], cancellations: 1)
    #expect(runs > 5000)
  }

  @Test func `three producers wait for the same room`() throws {
    let runs = try exploreQueue(
      capacity: 1, tasks: [[.put(1)], [.put(11)], [.put(21)], [.get, .get]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test func `three consumers wait for the same item`() throws {
    let runs = try exploreQueue(capacity: 1, tasks: [[.get], [.get], [.get], [.put(1), .put(2)]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test func `a queue without a bound never makes a producer wait`() throws {
    let runs = try exploreQueue(
      capacity: .max, tasks: [[.put(1), .put(2)], [.put(11)], [.get, .get]], cancellations: 1)
    #expect(runs > 500)
  }

  @Test func `without room producers and consumers meet`() throws {
    let runs = try exploreQueue(capacity: 0, tasks: [[.put(1)], [.put(11)], [.get], [.get]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test(arguments: [false, true])
  func `a shutdown frees those who wait`(immediate: Bool) throws {
    let producers = try exploreQueue(
      capacity: 1, tasks: [[.put(1), .put(2)], [.put(11)], [.get], [.shutdown(immediate: immediate)]], cancellations: 1)
    #expect(producers > 1000)
    let consumers = try exploreQueue(
      capacity: 1, tasks: [[.get], [.get], [.put(1)], [.shutdown(immediate: immediate)]], cancellations: 2)
    #expect(consumers > 1000)
  }

  @Test func `join waits for all work and no longer`() throws {
    let runs = try exploreQueue(
      capacity: 1, tasks: [[.put(1), .put(2)], [.get, .taskDone, .get, .taskDone], [.join]], cancellations: 1)
    #expect(runs > 1000)
    let two = try exploreQueue(
      capacity: 2, tasks: [[.put(1)], [.get, .taskDone, .taskDone], [.join], [.join]], cancellations: 1)
    #expect(two > 1000)
  }

  @Test func `an immediate shutdown finishes the work that nobody got`() throws {
    let runs = try exploreQueue(
      capacity: 2, tasks: [[.put(1)], [.get, .taskDone], [.join], [.shutdown(immediate: true)]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test func `a priority queue gives out the smallest`() throws {
    let runs = try exploreQueue(
      PriorityOrder<Int>.self, capacity: 2, tasks: [[.put(3), .put(1)], [.put(2)], [.get, .get]], cancellations: 1)
    #expect(runs > 500)
  }

  @Test func `a stack loses nothing`() throws {
    let runs = try exploreQueue(
      LIFOOrder<Int>.self, capacity: 1, tasks: [[.put(1), .put(2)], [.put(11)], [.get, .get]], cancellations: 1)
    #expect(runs > 1000)
  }
}
