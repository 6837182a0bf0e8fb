// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

/// What tells tasks to go on, in every order of events.
@Suite struct SignalInterleavingTests {
  @Test(arguments: [["set"], ["set", "clear"], ["set", "clear", "set"]])
  func settingAnEventFreesAllWhoWaitThenAndNobodyElse(script: [String]) throws {
    let states = try exploreWaits(tasks: 4, EventMachine(script: script))
    #expect(states > 100)
  }

  @Test(arguments: [[1], [4], [1, 1], [2, 1]])
  func aNotificationReachesATaskThatWaitsIfThereIsOne(counts: [Int]) throws {
    let states = try exploreWaits(tasks: 4, ConditionMachine(counts: counts))
    #expect(states > 100)
  }

  @Test(arguments: [(1, ["abort"]), (2, []), (2, ["abort", "reset"]), (3, ["reset"]), (3, ["abort"]), (4, ["reset"])])
  func allOfARoundPassABarrierOrNone(parties: Int, script: [String]) throws {
    let states = try exploreWaits(tasks: 4, BarrierMachine(parties: parties, script: script))
    #expect(states > 10)
  }
}

// MARK: - The machines

/// The script's parts happen in this order, at any time.
private struct EventMachine: WaitMachine {
  typealias Request = UInt64
  typealias Value = Void
  var state = EventState<Int>()
  var script: [String]
  /// Who waited when it was set.
  var owed: Set<Int> = []
  var isWaiting: Set<Int> = []
  /// Tasks by their places: a place doesn't say whose it is.
  var places: [(token: EventState<Int>.Line.Token, task: Int)] = []
  func key(_ numbers: [Int]) -> [Int] {
    [state.isSet ? 1 : 0, script.count] + owed.intersection(isWaiting).map { numbers[$0] }.sorted()
  }

  init(script: [String]) { self.script = script }

  mutating func ask(_ task: Int) -> (passes: Bool, granted: [Granted]) { (state.isSet, []) }

  mutating func join(_ task: Int) -> (place: EventState<Int>.Line.Token?, passes: Bool, granted: [Granted]) {
    let token = state.join(task)
    if let token {
      isWaiting.insert(task)
      places.append((token, task))
    }
    return (token, token == nil, [])
  }

  mutating func next(after granted: Granted) -> [Granted] { state.next().map { [$0] } ?? [] }
  mutating func passOver(_ granted: Granted) -> [Granted] { state.passOver(granted).map { [$0] } ?? [] }

  mutating func leave(_ place: EventState<Int>.Line.Token?) -> Bool {
    guard let place else { return true }
    let index = places.firstIndex { $0.token == place }!
    isWaiting.remove(places.remove(at: index).task)
    return state.leave(place)
  }

  var actions: [String] { script.first.map { [$0] } ?? [] }
  /// Once it is set everybody comes through, also while those who waited are still being freed.
  var letsOvertake: Bool { true }

  mutating func perform(_ action: String) -> [Granted] {
    script.removeFirst()
    if action == "clear" {
      state.clear()
      return []
    }
    if !state.isSet { owed.formUnion(isWaiting) }
    return state.set().map { [$0] } ?? []
  }

  func fault(_ view: WaitModelView) -> String? {
    let strangers = Set(view.granted).intersection(isWaiting).subtracting(owed)
    if !strangers.isEmpty { return "\(strangers) were freed though it wasn't set since they came" }
    guard view.isSettled else { return nil }
    let forgotten = owed.intersection(view.waiting)
    if !forgotten.isEmpty { return "\(forgotten) waited when it was set, and still do" }
    if state.isSet && !view.waiting.isEmpty { return "\(view.waiting) wait though it is set" }
    return nil
  }
}

/// Each count is notified once, at any time, as `Condition.notify` does it.
private struct ConditionMachine: WaitMachine {
  typealias Request = Void
  typealias Value = Void
  typealias Token = ConditionState<Int>.Line.Token
  var state = ConditionState<Int>()
  var counts: [Int]
  /// What those who notify still have to give, by who was granted the last one.
  var left: [Int: Int] = [:]
  /// Notifications that found nobody, and those that a task has got.
  var unheard = 0
  var heard = 0
  /// Those that found nobody though somebody stood in line.
  var lost = 0
  let all: Int
  func key(_ numbers: [Int]) -> [Int] {
    [counts.count, unheard, heard] + left.map { numbers[$0.key] * 10 + $0.value }.sorted()
  }

  init(counts: [Int]) {
    self.counts = counts
    all = counts.reduce(0, +)
  }

  mutating func ask(_ task: Int) -> (passes: Bool, granted: [Granted]) { (false, []) }

  mutating func join(_ task: Int) -> (place: Token, passes: Bool, granted: [Granted]) { (state.join(task), false, []) }

  mutating func next(after granted: Granted) -> [Granted] { notify(left.removeValue(forKey: granted.waiter)! - 1) }

  mutating func passOver(_ granted: Granted) -> [Granted] {
    give(left.removeValue(forKey: granted.waiter)!, to: state.passOver(granted))
  }

  mutating func leave(_ place: Token) -> Bool {
    let wasNotified = state.leave(place)
    if wasNotified { heard += 1 }
    return wasNotified
  }

  var actions: [String] { counts.first.map { ["\($0) are notified"] } ?? [] }
  mutating func perform(_ action: String) -> [Granted] { notify(counts.removeFirst()) }

  private mutating func notify(_ count: Int) -> [Granted] { count == 0 ? [] : give(count, to: state.notify()) }

  private mutating func give(_ count: Int, to granted: Granted?) -> [Granted] {
    guard let granted else {
      unheard += count
      if !state.line.isEmpty { lost += count }
      return []
    }
    left[granted.waiter] = count
    return [granted]
  }

  func fault(_ view: WaitModelView) -> String? {
    if lost > 0 { return "\(lost) notifications are lost though \(view.waiting) wait" }
    guard view.isSettled else { return nil }
    let given = heard + unheard + view.granted.count
    let expected = all - counts.reduce(0, +)
    if given != expected { return "of \(expected) notifications \(given) are accounted for" }
    if view.isOver && state.line.count != view.waiting.count { return "somebody is forgotten in the line" }
    return nil
  }
}

private struct BarrierMachine: WaitMachine {
  typealias Request = Void
  typealias Value = BarrierState<Int>.Outcome
  var state: BarrierState<Int>
  var script: [String]
  /// The numbers of those who passed.
  var indices: [Int] = []
  /// Who was given which number: that is kept.
  var given: [Int: Int] = [:]

  func key(_ numbers: [Int]) -> [Int] {
    [state.isBroken ? 1 : 0, script.count] + indices.sorted() + [-3]
      + given.map { numbers[$0.key] * 10 + $0.value }.sorted()
  }

  init(parties: Int, script: [String]) {
    state = BarrierState(parties: parties)
    self.script = script
  }

  mutating func ask(_ task: Int) -> (passes: Bool, granted: [Granted]) {
    let (outcome, released) = state.arrive()
    note(outcome)
    for (index, granted) in released.enumerated() { given[granted.waiter] = index }
    return (outcome != nil, released)
  }

  mutating func join(_ task: Int) -> (place: BarrierState<Int>.Place, passes: Bool, granted: [Granted]) {
    let (place, released) = state.join(task)
    for (index, granted) in released.enumerated() { given[granted.waiter] = index }
    if case .through = place { return (place, true, released) }
    return (place, false, released)
  }

  func keeps(_ granted: Granted) -> Bool { given[granted.waiter] != nil }

  mutating func passOver(_ granted: Granted) -> [Granted] {
    state.takeBack(granted)
    return []
  }

  mutating func leave(_ place: BarrierState<Int>.Place) -> Bool {
    let outcome = state.leave(place)
    note(outcome)
    return outcome != nil
  }

  var actions: [String] { script.first.map { [$0] } ?? [] }

  mutating func perform(_ action: String) -> [Granted] {
    script.removeFirst()
    return action == "abort" ? state.abort() : state.reset()
  }

  private mutating func note(_ outcome: BarrierState<Int>.Outcome?) {
    if case .passes(let index) = outcome { indices.append(index) }
  }

  func fault(_ view: WaitModelView) -> String? {
    if view.waiting.count >= state.parties { return "\(view.waiting) wait for \(state.parties)" }
    if view.waiting.count != state.line.count { return "\(state.line.count) are said to wait" }
    if state.isBroken && !view.waiting.isEmpty { return "\(view.waiting) wait at a broken barrier" }
    guard view.isOver else { return nil }
    let rounds = indices.count / state.parties
    let expected = (0..<state.parties).flatMap { Array(repeating: $0, count: rounds) }
    return indices.sorted() == expected ? nil : "the numbers \(indices) aren't those of whole rounds"
  }
}
