// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

@testable import AsyncIO

/// An operation of a model's task on a queue. The numbers of one producer's items ascend.
enum QueueOperation {
  case put(Int)
  case get
  case taskDone
  case join
  case shutdown(immediate: Bool)
}

/// Makes tasks use a queue in every order of events, and checks the state after each. Returns the number of orders.
@discardableResult
func exploreQueue<Items: QueueOrder<Int>>(
  _ items: Items.Type = FIFOOrder<Int>.self, capacity: Int, tasks: [[QueueOperation]], cancellations: Int
) throws -> Int {
  try explore { choices in
    let model = QueueModel<Items>(capacity: capacity)
    let interleaving = try Interleaving.run(
      &choices, tasks: tasks.map { $0.map(model.operation) }, cancellations: cancellations, check: { model.fault })
    if let fault = model.faultAtEnd(interleaving.outcomes) { throw interleaving.fault(fault) }
  }
}

/// A queue of numbers for a model's tasks: like `Handover`, one section a step.
private final class QueueModel<Items: QueueOrder<Int>> {
  private var state: HandoverState<Items, ModelWaiter>
  private var done = 0
  private var dropped: [Int] = []
  private var faultSeen: String?

  init(capacity: Int) { state = HandoverState(capacity: capacity) }

  func operation(_ operation: QueueOperation) -> Interleaving.Operation {
    { [self] waiter in
      switch operation {
      case .put(let item): put(item, waiter)
      case .get: get(waiter)
      case .taskDone: taskDone()
      case .join: join(waiter)
      case .shutdown(let immediate): shutdown(immediate)
      }
    }
  }

  private func put(_ item: Int, _ waiter: ModelWaiter) -> Interleaving.Step {
    switch state.put(item) {
    case .done(let getter):
      getter?.resume()
      return .done("put \(item)")
    case .closed: return .done("shut down")
    case .full:
      let token = state.waitToPut(item, waiter)
      return .waits(line: "waits to put") { [self] in
        state.leave(token).map { $0 == .put ? "put \(item)" : "shut down" }
      }
    }
  }

  private func get(_ waiter: ModelWaiter) -> Interleaving.Step {
    let before = sorted(state.items)
    switch state.get() {
    case .item(let item, let putter):
      putter?.resume()
      if Items.self == PriorityOrder<Int>.self, item != before.first {
        faultSeen = "\(item) is not the smallest of \(before)"
      }
      return .done("got \(item)")
    case .closed:
      if !before.isEmpty { faultSeen = "\(before) can't be gotten any more" }
      return .done("shut down")
    case .empty:
      let token = state.waitToGet(waiter)
      return .waits(line: "waits to get") { [self] in
        state.leave(token).map { if case .item(let item) = $0 { "got \(item)" } else { "shut down" } }
      }
    }
  }

  private func taskDone() -> Interleaving.Step {
    var woken = Few<ModelWaiter>()
    guard state.finishOne(&woken) else {
      if state.unfinished > 0 { faultSeen = "work that is unfinished cannot be finished" }
      return .done("too many")
    }
    done += 1
    wake(woken, isFinished: state.unfinished == 0)
    return .done("done")
  }

  private func join(_ waiter: ModelWaiter) -> Interleaving.Step {
    if state.unfinished == 0 { return .done("joined") }
    let token = state.waitUntilFinished(waiter)
    return .waits(line: "waits to join") { [self] in state.leave(token).map { "joined" } }
  }

  private func shutdown(_ immediate: Bool) -> Interleaving.Step {
    if immediate {
      var woken = Few<ModelWaiter>()
      var items = state.dropItems(&woken)
      wake(woken, isFinished: state.unfinished == 0)
      while let item = items.removeNext() { dropped.append(item) }
    }
    var woken = Few<ModelWaiter>()
    state.close(&woken)
    wake(woken, isFinished: true)
    return .done("shut it down")
  }

  /// - Parameter isFinished: Whether a task may be woken.
  private func wake(_ woken: Few<ModelWaiter>, isFinished: Bool) {
    woken.forEach { waiter in
      if !isFinished { faultSeen = "a join has ended though work is unfinished" }
      waiter.resume()
    }
  }

  private func sorted(_ items: Items) -> [Int] {
    var (items, numbers) = (items, [Int]())
    while let item = items.removeNext() { numbers.append(item) }
    return numbers.sorted()
  }

  // MARK: - Checks

  /// The fault between two sections, if there is one.
  var fault: String? {
    if let faultSeen { return faultSeen }
    let count = state.items.count
    if count > state.capacity { return "there are \(count) items" }
    if count > 0 && !state.getters.isEmpty { return "somebody waits for an item though there is one" }
    if count < state.capacity && !state.putters.isEmpty { return "somebody waits for room though there is some" }
    if !state.getters.isEmpty && !state.putters.isEmpty { return "some wait to put and others to get" }
    if state.isClosed && !(state.getters.isEmpty && state.putters.isEmpty) { return "somebody waits after the end" }
    if state.unfinished == 0 && !state.joiners.isEmpty { return "somebody waits for work that is finished" }
    if state.unfinished != max(0, state.totalPut - done - dropped.count) { return "\(state.unfinished) unfinished" }
    if state.totalPut - state.totalGot != count + dropped.count { return "the totals are wrong" }
    return nil
  }

  /// The fault when nothing more can happen. Each item that was put must have been gotten once, be there, or have been
  /// dropped.
  func faultAtEnd(_ outcomes: [[String]]) -> String? {
    let put = numbers("put", outcomes.joined()), got = numbers("got", outcomes.joined())
    let left = sorted(state.items)
    if put.sorted() != (got + left + dropped).sorted() {
      return "put \(put), got \(got), left \(left), dropped \(dropped)"
    }
    guard Items.self == FIFOOrder<Int>.self else { return nil }
    for outcomes in outcomes {
      let producers = Dictionary(grouping: numbers("got", outcomes)) { $0 / 10 }
      if producers.contains(where: { $0.value != $0.value.sorted() }) { return "a consumer got \(outcomes)" }
    }
    return nil
  }

  private func numbers(_ word: String, _ outcomes: some Sequence<String>) -> [Int] {
    outcomes.filter { $0.hasPrefix(word + " ") }.compactMap { Int($0.dropFirst(word.count + 1)) }
  }
}
