// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

/// Up to four tasks use the state of a broadcast in every order of events, and some are cancelled at every point.
/// `exploreBroadcast` says what must hold after each event.
@Suite struct BroadcastInterleavingTests {
  private static let policies: [SlowConsumerPolicy] = [.dropOldest, .disconnect, .wait]

  @Test(arguments: policies)
  func `two subscribers at their own pace`(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 2,
      tasks: [[.send(1), .send(2), .send(3)], [.receive(0), .receive(0)], [.receive(1)]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test(arguments: policies)
  func `two senders and a slow subscriber`(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 2,
      tasks: [[.send(1), .send(2)], [.send(11)], [.receive(0)], [.receive(1)]],
      cancellations: 1)
    #expect(runs > 1000)
  }

  @Test(arguments: policies)
  func `more room than one`(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 2, slow: policy, subscriptions: 2,
      tasks: [[.send(1), .send(2), .send(3)], [.receive(0), .receive(0)], [.receive(1)]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test(arguments: policies)
  func `a subscriber goes away`(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 2,
      tasks: [[.send(1), .send(2)], [.send(11)], [.receive(0), .unsubscribe(0)], [.unsubscribe(1)]], cancellations: 0)
    #expect(runs > 150)
  }

  @Test(arguments: policies)
  func `tasks share a subscription`(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 1, tasks: [[.receive(0)], [.receive(0)], [.send(1), .send(2)]],
      cancellations: 1)
    #expect(runs > 500)
  }

  @Test(arguments: policies)
  func `the end frees those who wait`(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 2, tasks: [[.send(1), .send(2)], [.send(11)], [.receive(0)], [.close]],
      cancellations: 1)
    #expect(runs > 1000)
  }
}
