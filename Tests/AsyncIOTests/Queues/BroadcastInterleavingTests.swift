// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

/// Up to four tasks use the state of a broadcast in every order of events, and some are cancelled at every point.
/// `exploreBroadcast` says what must hold after each event.
@Suite struct BroadcastInterleavingTests {
  private static let policies: [SlowConsumerPolicy] = [.dropOldest, .disconnect, .wait]

  @Test(arguments: policies)
  func twoSubscribersAtTheirOwnPace(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 2,
      tasks: [[.send(1), .send(2), .send(3)], [.receive(0), .receive(0)], [.receive(1)]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test(arguments: policies)
  func twoSendersAndASlowSubscriber(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 2,
      tasks: [[.send(1), .send(2)], [.send(11)], [.receive(0)], [.receive(1)]],
      cancellations: 1)
    #expect(runs > 1000)
  }

  @Test(arguments: policies)
  func moreRoomThanOne(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 2, slow: policy, subscriptions: 2,
      tasks: [[.send(1), .send(2), .send(3)], [.receive(0), .receive(0)], [.receive(1)]], cancellations: 1)
    #expect(runs > 1000)
  }

  @Test(arguments: policies)
  func aSubscriberGoesAway(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 2,
      tasks: [[.send(1), .send(2)], [.send(11)], [.receive(0), .unsubscribe(0)], [.unsubscribe(1)]], cancellations: 0)
    #expect(runs > 150)
  }

  @Test(arguments: policies)
  func tasksShareASubscription(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 1, tasks: [[.receive(0)], [.receive(0)], [.send(1), .send(2)]],
      cancellations: 1)
    #expect(runs > 500)
  }

  @Test(arguments: policies)
  func theEndFreesThoseWhoWait(policy: SlowConsumerPolicy) throws {
    let runs = try exploreBroadcast(
      lag: 1, slow: policy, subscriptions: 2, tasks: [[.send(1), .send(2)], [.send(11)], [.receive(0)], [.close]],
      cancellations: 1)
    #expect(runs > 1000)
  }
}
