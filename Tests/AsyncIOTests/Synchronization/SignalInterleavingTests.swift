// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

@testable import AsyncIO

/// Primitives that tell tasks to continue, in every order of events.
@Suite struct SignalInterleavingTests {
  @Test(arguments: [["set"], ["set", "clear"], ["set", "clear", "set"]])
  func `setting an event frees all who wait then and nobody else`(script: [String]) throws {
    let runs = try explore { choices in
      let model = EventModel()
      let tasks = Array(repeating: [model.wait], count: 3) + [script.map(model.perform)]
      let run = try Interleaving.run(
        &choices, tasks: tasks, alike: 3, cancellations: script.count > 2 ? 1 : 2, check: { model.fault })
      if let fault = model.faultAtEnd(stuck: run.stuck.count) { throw run.fault(fault) }
    }
    #expect(runs > 100)
  }

  @Test(arguments: [[1], [4], [1, 1], [2, 1]])
  func `a notification reaches a task that waits if there is one`(counts: [Int]) throws {
    let runs = try explore { choices in
      let model = ConditionModel()
      let tasks = Array(repeating: [model.wait], count: 3) + [counts.map(model.notify)]
      let run = try Interleaving.run(
        &choices, tasks: tasks, alike: 3, cancellations: counts.count > 1 ? 1 : 2, check: { model.fault })
      if let fault = model.faultAtEnd { throw run.fault(fault) }
    }
    #expect(runs > 100)
  }

  @Test(arguments: [(1, ["abort"]), (2, []), (2, ["abort", "reset"]), (3, ["reset"]), (3, ["abort"]), (4, ["reset"])])
  func `all of a round pass a barrier or none`(parties: Int, script: [String]) throws {
    let runs = try explore { choices in
      let model = BarrierModel(parties: parties)
      let tasks = Array(repeating: [model.wait], count: 4) + [script.map(model.perform)]
      let run = try Interleaving.run(&choices, tasks: tasks, alike: 4, cancellations: 1, check: { model.fault })
      if let fault = model.faultAtEnd { throw run.fault(fault) }
    }
    #expect(runs > 10)
  }
}

// MARK: - The models

private final class EventModel {
  private var state = EventState<ModelWaiter>()
  private var sets = 0
  private var faultSeen: String?

  func wait(_ waiter: ModelWaiter) -> Interleaving.Step {
    if state.isSet { return .done("passes") }
    let came = sets
    let token = state.join(waiter)
    return .waits(line: "waits") { [self] in
      guard state.leave(token) != nil else { return nil }
      if sets == came { faultSeen = "a task was freed though it wasn't set since it came" }
      return "is freed"
    }
  }

  func perform(_ action: String) -> Interleaving.Operation {
    { [self] _ in
      if action == "clear" {
        state.clear()
      } else {
        var freed = Few<ModelWaiter>()
        state.set(&freed)
        sets += 1
        freed.resume()
      }
      return .done(action)
    }
  }

  var fault: String? {
    if state.isSet && !state.line.isEmpty { return "\(state.line.count) wait though it is set" }
    return faultSeen
  }

  func faultAtEnd(stuck: Int) -> String? {
    stuck == state.line.count ? nil : "\(stuck) wait, \(state.line.count) of them in line"
  }
}

/// Notifies like `Condition`: the whole count at once.
private final class ConditionModel {
  private var line = Line<ModelWaiter, Void, Void>()
  private var notified = 0
  private var heard = 0
  private var faultSeen: String?

  func wait(_ waiter: ModelWaiter) -> Interleaving.Step {
    let token = line.join(waiter)
    return .waits(line: "waits") { [self] in
      guard line.leave(token) != nil else { return nil }
      heard += 1
      return "is notified"
    }
  }

  func notify(_ count: Int) -> Interleaving.Operation {
    { [self] _ in
      var served = 0
      while served < count, let next = line.serveFirst(()) {
        next.claim.resume()
        served += 1
      }
      notified += served
      if served < count && !line.isEmpty { faultSeen = "\(count - served) are lost though \(line.count) wait" }
      return .done("notifies \(count)")
    }
  }

  var fault: String? { faultSeen }

  var faultAtEnd: String? { heard == notified ? nil : "\(notified) were notified, \(heard) have heard" }
}

private final class BarrierModel {
  private var state: BarrierState<ModelWaiter>
  private var waiting = 0
  /// The numbers of the tasks that passed.
  private var indices: [Int] = []

  init(parties: Int) { state = BarrierState(parties: parties) }

  func wait(_ waiter: ModelWaiter) -> Interleaving.Step {
    var released = Few<ModelWaiter>()
    defer { released.resume() }
    if let outcome = state.arrive(&released) { return .done(note(outcome)) }
    let token = state.join(waiter)
    return .waits(line: "waits") { [self] in state.leave(token).map(note) }
  }

  private func note(_ outcome: BarrierState<ModelWaiter>.Outcome) -> String {
    switch outcome {
    case .passes(let index):
      indices.append(index)
      return "passes as number \(index)"
    case .broken: return "finds it broken"
    }
  }

  func perform(_ action: String) -> Interleaving.Operation {
    { [self] _ in
      var told = Few<ModelWaiter>()
      if action == "abort" { state.abort(&told) } else { state.reset(&told) }
      told.resume()
      return .done(action)
    }
  }

  var fault: String? {
    if state.line.count >= state.parties { return "\(state.line.count) wait for \(state.parties)" }
    return state.isBroken && !state.line.isEmpty ? "\(state.line.count) wait at a broken barrier" : nil
  }

  var faultAtEnd: String? {
    let rounds = indices.count / state.parties
    let expected = (0..<state.parties).flatMap { Array(repeating: $0, count: rounds) }
    return indices.sorted() == expected ? nil : "the numbers \(indices) aren't those of whole rounds"
  }
}
