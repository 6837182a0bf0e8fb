// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

@testable import AsyncIO

/// An operation of a model's task on a broadcast. The numbers of one sender's items ascend.
enum BroadcastOperation {
  case send(Int)
  /// Receives an item of a subscription.
  case receive(Int)
  case unsubscribe(Int)
  case close
}

/// Makes tasks use a broadcast in every order of events, and checks the state after each. Returns the number of orders.
@discardableResult
func exploreBroadcast(
  lag: Int, slow policy: SlowConsumerPolicy, subscriptions: Int, tasks: [[BroadcastOperation]], cancellations: Int
) throws -> Int {
  try explore { choices in
    let model = BroadcastModel(lag: lag, policy: policy, subscriptions: subscriptions)
    let interleaving = try Interleaving.run(
      &choices, tasks: tasks.map { $0.map(model.operation) }, cancellations: cancellations, check: { model.fault })
    if let fault = model.faultAtEnd(interleaving.outcomes) { throw interleaving.fault(fault) }
  }
}

/// A broadcast of numbers for a model's tasks: like `BroadcastCore`, one section a step.
private final class BroadcastModel {
  typealias State = BroadcastState<Int, ModelWaiter>

  private var state: State

  init(lag: Int, policy: SlowConsumerPolicy, subscriptions: Int) {
    state = State(lag: lag, policy: policy)
    for _ in 0..<subscriptions { _ = state.subscribe() }
  }

  func operation(_ operation: BroadcastOperation) -> Interleaving.Operation {
    { [self] waiter in
      var effects = State.Effects()
      defer { effects.woken.forEach { $0.resume() } }
      switch operation {
      case .send(let item): return send(item, waiter, &effects)
      case .receive(let index): return receive(index, waiter, &effects)
      case .unsubscribe(let index):
        state.unsubscribe(index, &effects)
        return .done("unsubscribed")
      case .close:
        state.close(&effects)
        return .done("closed it")
      }
    }
  }

  private func send(_ item: Int, _ waiter: ModelWaiter, _ effects: inout State.Effects) -> Interleaving.Step {
    switch state.send(item, &effects) {
    case .done: return .done("sent \(item)")
    case .closed: return .done("closed")
    case .full:
      let token = state.waitToSend(item, waiter)
      return .waits(line: "waits to send") { [self] in
        state.leave(token).map { $0 == .sent ? "sent \(item)" : "closed" }
      }
    }
  }

  private func receive(_ index: Int, _ waiter: ModelWaiter, _ effects: inout State.Effects) -> Interleaving.Step {
    switch state.receive(index, &effects) {
    case .item(let item): return .done("\(index) received \(item)")
    case .closed: return .done("closed")
    case .tooSlow: return .done("too slow")
    case .empty:
      guard let token = state.waitToReceive(index, waiter) else { preconditionFailure("there is no such subscription") }
      return .waits(line: "waits to receive from \(index)") { [self] in
        state.leave(index, token).map { if case .item(let item) = $0 { "\(index) received \(item)" } else { "closed" } }
      }
    }
  }

  // MARK: - Checks

  /// The fault between two sections, if there is one.
  var fault: String? {
    let end = state.first + state.ring.count
    if state.ring.count > state.lag { return "\(state.ring.count) items are kept" }
    if state.ring.count > 0 && state.readers[0] == 0 { return "an item is kept that nobody needs" }
    if !state.senders.isEmpty && (state.policy != .wait || state.ring.count < state.lag) {
      return "somebody waits to send though there is room"
    }
    if state.isClosed && !state.senders.isEmpty { return "somebody waits to send after the end" }

    // The subscribers at each item, counted one by one.
    var readers = 0
    for offset in 0...state.ring.count {
      let count = state.subscribers.count { offset == itemsBefore(of: $0) }
      readers += count
      if count != (offset < state.ring.count ? state.readers[offset] : state.atEnd) {
        return "the readers are counted wrongly"
      }
    }
    if readers != state.subscriberCount { return "there are not \(state.subscriberCount) subscribers" }
    for case .some(let subscriber) in state.subscribers {
      if !subscriber.receivers.isEmpty && (subscriber.position != end || state.isClosed) {
        return "somebody waits for an item though there is one, or the end"
      }
      if state.policy == .wait && subscriber.position < state.first { return "an item was lost" }
    }
    return nil
  }

  /// How many items precede the one that a subscriber receives next; nil if it has no next item or was cut off.
  private func itemsBefore(of subscriber: State.Subscriber?) -> Int? {
    guard let subscriber, state.policy != .disconnect || subscriber.position >= state.first else { return nil }
    return max(0, subscriber.position - state.first)
  }

  /// The fault when nothing more can happen. Each subscriber must have received each item, be able to, or have missed
  /// it, and all in one order.
  func faultAtEnd(_ outcomes: [[String]]) -> String? {
    let sent = numbers("sent", outcomes.joined())
    for index in state.subscribers.indices {
      guard let subscriber = state.subscribers[index] else { continue }
      let missed = state.missed(index)
      let isCutOff = state.policy == .disconnect && missed > 0
      let received = numbers("\(index) received", outcomes.joined())
      let next = max(0, subscriber.position - state.first)
      let left = isCutOff ? [] : (next..<state.ring.count).map { state.ring[$0] }
      if Set(received + left).count != received.count + left.count { return "an item was received twice" }
      if !Set(received + left).isSubset(of: sent) { return "\(received + left) were received, \(sent) sent" }
      if !isCutOff && received.count + left.count + missed != sent.count {
        return "\(index) received \(received), can receive \(left), has missed \(missed) of \(sent)"
      }
      for sender in Dictionary(grouping: left, by: { $0 / 10 }).values where sender != sender.sorted() {
        return "\(index) can receive \(left)"
      }
    }
    for outcomes in outcomes {
      for index in state.subscribers.indices {
        let senders = Dictionary(grouping: numbers("\(index) received", outcomes)) { $0 / 10 }
        if senders.contains(where: { $0.value != $0.value.sorted() }) { return "\(outcomes) are not in order" }
      }
    }
    return nil
  }

  private func numbers(_ words: String, _ outcomes: some Sequence<String>) -> [Int] {
    outcomes.filter { $0.hasPrefix(words + " ") }.compactMap { Int($0.dropFirst(words.count + 1)) }
  }
}
