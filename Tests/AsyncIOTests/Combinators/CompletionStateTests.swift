// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

@testable import AsyncIO

@Suite struct CompletionStateTests {
  /// Two or three tasks end in any order, up to three tasks ask, and any of these is cancelled at any time. Each result
  /// is handed out once, in the order of the ends, and no task waits in vain.
  @Test(arguments: [(2, 2), (2, 3), (3, 3)]) func `hands out each once in every order of events`(
    count: Int, askers: Int
  ) throws {
    let runs = try explore { choices in
      let model = CompletionModel(count: count)
      let tasks = Array(repeating: [model.ask], count: askers) + (0..<count).map { [model.end($0)] }
      let interleaving = try Interleaving.run(
        &choices, tasks: tasks, alike: askers, cancellations: 1, check: { nil })
      if let fault = model.faultAtEnd(interleaving.outcomes[..<askers], stuck: interleaving.stuck) {
        throw interleaving.fault(fault)
      }
    }
    #expect(runs > 100)
  }

  @Test func `hands out in the order of the ends`() {
    var state = CompletionState<NumberedWaiter>(count: 3)
    #expect(state.end(2) == nil)
    #expect(state.end(0) == nil)
    #expect(state.next() == .index(2))
    #expect(state.next() == .index(0))
    #expect(state.next() == .wait)
    let first = state.join(NumberedWaiter(number: 1))
    #expect(state.next() == .nothing)
    #expect(state.end(1)?.number == 1)
    #expect(state.leave(first) == 1)
    #expect(state.next() == .nothing)
  }
}

private final class CompletionModel {
  private var state: CompletionState<ModelWaiter>
  private var left: Set<Int>
  private var ended: [Int] = []

  init(count: Int) {
    state = CompletionState(count: count)
    left = Set(0..<count)
  }

  func end(_ index: Int) -> Interleaving.Operation {
    { [self] _ in
      left.remove(index)
      ended.append(index)
      state.end(index)?.resume()
      return .done("ended")
    }
  }

  var ask: Interleaving.Operation {
    { [self] waiter in
      switch state.next() {
      case .index(let index): return .done("got \(index)")
      case .nothing: return .done("nothing")
      case .wait:
        let token = state.join(waiter)
        return .waits(line: "waits") { [self] in state.leave(token).map { "got \($0)" } }
      }
    }
  }

  func faultAtEnd(_ outcomes: ArraySlice<[String]>, stuck: [String]) -> String? {
    if !left.isEmpty { return nil }
    if !stuck.isEmpty { return "\(stuck.count) wait though all have ended" }
    var received = outcomes.joined().compactMap { Int($0.dropFirst(4)) }
    while case .index(let index) = state.next() { received.append(index) }
    return received.sorted() == ended.sorted() ? nil : "\(ended) have ended, \(received) were handed out"
  }
}
