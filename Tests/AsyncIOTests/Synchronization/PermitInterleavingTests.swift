// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

/// What lets some in at a time, in every order of events.
@Suite struct PermitInterleavingTests {
  @Test(arguments: 1...4) func theLockIsHeldByOneTaskAndNeverLost(tasks: Int) throws {
    let states = try exploreWaits(tasks: tasks, LockMachine())
    #expect(states > tasks * tasks)
  }

  @Test(arguments: 1...4, [0, 1, 2, 3]) func aSemaphoreHasAsManyInsideAsPermitsAndLosesNone(
    tasks: Int, permits: Int
  ) throws {
    let states = try exploreWaits(tasks: tasks, SemaphoreMachine(permits: permits))
    #expect(states > tasks)
  }

  @Test(arguments: [(1, [2]), (1, [0, 2]), (2, [1]), (0, [3, 1]), (3, [0, 4])])
  func aCapacityLimiterFollowsItsTotal(total: Int, changes: [Int]) throws {
    let states = try exploreWaits(tasks: 4, CapacityMachine(total: total, changes: changes))
    #expect(states > 100)
  }

  /// The model would not be worth much if it found nothing wrong with a machine that is.
  @Test(arguments: FaultyLock.Mistake.allCases) func aMistakeInTheMachineIsFound(mistake: FaultyLock.Mistake) {
    #expect(throws: WaitModelError.self) { try exploreWaits(tasks: 3, FaultyLock(mistake: mistake)) }
  }
}

// MARK: - The machines

/// What there is to say of permits.
private func permitFault(_ view: WaitModelView, permits: Int, free: Int) -> String? {
  let taken = view.inside.count + view.granted.count
  if taken > permits { return "\(taken) have one of \(permits) permits" }
  guard view.isSettled else { return nil }
  if taken + free != permits { return "\(permits - taken) permits should be free, \(free) are" }
  if free > 0 && !view.waiting.isEmpty { return "\(view.waiting) wait though \(free) permits are free" }
  return nil
}

private struct LockMachine: WaitMachine {
  typealias Request = Void
  typealias Value = Void
  var state = LockState<Int>()
  func key(_ numbers: [Int]) -> [Int] { [state.isLocked ? 1 : 0] }

  mutating func ask(_ task: Int) -> (passes: Bool, granted: [Granted]) { (state.tryAcquire(), []) }

  mutating func join(_ task: Int) -> (place: LockState<Int>.Line.Token, passes: Bool, granted: [Granted]) {
    let (token, next) = state.join(task)
    return (token, false, next.map { [$0] } ?? [])
  }

  mutating func passOver(_ granted: Granted) -> [Granted] { state.passOver(granted).map { [$0] } ?? [] }
  mutating func leave(_ place: LockState<Int>.Line.Token) -> Bool { state.leave(place) }
  var isHeld: Bool { true }
  mutating func exit(_ task: Int) -> [Granted] { state.release().map { [$0] } ?? [] }

  func fault(_ view: WaitModelView) -> String? {
    if !view.inside.isEmpty && !state.isLocked { return "the lock is free though \(view.inside) holds it" }
    return permitFault(view, permits: 1, free: state.isLocked ? 0 : 1)
  }
}

private struct SemaphoreMachine: WaitMachine {
  typealias Request = Void
  typealias Value = Void
  let permits: Int
  var state: SemaphoreState<Int>
  /// One more is released by somebody who never acquired it.
  var isGenerous: Bool
  func key(_ numbers: [Int]) -> [Int] { [state.value, isGenerous ? 1 : 0] }

  init(permits: Int) {
    self.permits = permits
    state = SemaphoreState(value: permits)
    isGenerous = permits < 2
  }

  mutating func ask(_ task: Int) -> (passes: Bool, granted: [Granted]) { (state.tryAcquire(), []) }

  mutating func join(_ task: Int) -> (place: SemaphoreState<Int>.Line.Token, passes: Bool, granted: [Granted]) {
    let (token, next) = state.join(task)
    return (token, false, next.map { [$0] } ?? [])
  }

  mutating func passOver(_ granted: Granted) -> [Granted] { state.passOver(granted).map { [$0] } ?? [] }
  mutating func leave(_ place: SemaphoreState<Int>.Line.Token) -> Bool { state.leave(place) }
  var isHeld: Bool { true }
  mutating func exit(_ task: Int) -> [Granted] { state.release().map { [$0] } ?? [] }

  var actions: [String] { isGenerous ? ["one more is released"] : [] }

  mutating func perform(_ action: String) -> [Granted] {
    isGenerous = false
    return state.release().map { [$0] } ?? []
  }

  func fault(_ view: WaitModelView) -> String? {
    let released = permits < 2 && !isGenerous ? 1 : 0
    if state.isLocked != (state.value == 0) { return "isLocked is wrong" }
    return permitFault(view, permits: permits + released, free: state.value)
  }
}

private struct CapacityMachine: WaitMachine {
  typealias Request = Int
  typealias Value = Int
  var state: CapacityState<Int, Int>
  var changes: [Int]
  func key(_ numbers: [Int]) -> [Int] {
    [state.total, changes.count] + state.borrowers.map { numbers[$0] }.sorted()
  }

  init(total: Int, changes: [Int]) {
    state = CapacityState(total: total)
    self.changes = changes
  }

  mutating func ask(_ task: Int) -> (passes: Bool, granted: [Granted]) { (state.tryAcquire(for: task), []) }

  mutating func join(_ task: Int) -> (place: CapacityState<Int, Int>.Place, passes: Bool, granted: [Granted]) {
    let (place, next) = state.join(task, for: task)
    return (place, false, next.map { [$0] } ?? [])
  }

  mutating func next(after granted: Granted) -> [Granted] { state.next().map { [$0] } ?? [] }
  mutating func passOver(_ granted: Granted) -> [Granted] { state.passOver(granted).map { [$0] } ?? [] }
  mutating func leave(_ place: CapacityState<Int, Int>.Place) -> Bool { state.leave(place) }
  var isHeld: Bool { true }
  mutating func exit(_ task: Int) -> [Granted] { state.release(by: task).map { [$0] } ?? [] }

  var actions: [String] { changes.first.map { ["the total becomes \($0)"] } ?? [] }

  mutating func perform(_ action: String) -> [Granted] {
    state.total = changes.removeFirst()
    return state.next().map { [$0] } ?? []
  }

  func fault(_ view: WaitModelView) -> String? {
    let holders = Set(view.inside + view.granted)
    if state.borrowed != holders.count { return "\(holders) have a token, and \(state.borrowed) are borrowed" }
    if Set(state.borrowers) != holders { return "\(holders) have a token, and \(state.borrowers) are said to" }
    if state.available != max(0, state.total - holders.count) { return "\(state.available) are said to be available" }
    for task in view.waiting where state.standing(of: task) != .waits { return "\(task) isn't known to wait" }
    if view.isSettled && !view.waiting.isEmpty && state.available > 0 {
      return "\(view.waiting) wait though \(state.available) tokens are there"
    }
    if view.isOver && state.borrowed > 0 { return "a token wasn't given back" }
    return nil
  }
}

/// A lock that somebody got wrong.
struct FaultyLock: WaitMachine {
  enum Mistake: CaseIterable, Sendable {
    case forgetsTheLineWhenReleased, losesWhatACancelledTaskWasGranted, letsOthersOvertake, letsEverybodyIn
    case servesTheLastFirst
  }

  typealias Request = Void
  typealias Value = Void
  typealias Line = WaitQueue<Int, Void, Void>
  let mistake: Mistake
  var isLocked = false
  var line = Line()
  func key(_ numbers: [Int]) -> [Int] { [isLocked ? 1 : 0] }

  init(mistake: Mistake) { self.mistake = mistake }

  mutating func ask(_ task: Int) -> (passes: Bool, granted: [Granted]) {
    if isLocked && mistake != .letsEverybodyIn { return (false, []) }
    isLocked = true
    return (true, [])
  }

  mutating func join(_ task: Int) -> (place: Line.Token, passes: Bool, granted: [Granted]) {
    let token = line.join(task, ())
    return (token, false, isLocked ? [] : passOn())
  }

  mutating func passOver(_ granted: Granted) -> [Granted] {
    line.takeBack(granted.token)
    if mistake == .losesWhatACancelledTaskWasGranted {
      isLocked = false
      return []
    }
    return passOn()
  }

  mutating func leave(_ place: Line.Token) -> Bool { line.leave(place) != nil }

  var isHeld: Bool { true }
  mutating func exit(_ task: Int) -> [Granted] {
    switch mistake {
    case .forgetsTheLineWhenReleased, .letsOthersOvertake:
      isLocked = false
      return mistake == .letsOthersOvertake ? line.grantFirst(()).map { [$0] } ?? [] : []
    default: return passOn()
    }
  }

  private mutating func passOn() -> [Granted] {
    if mistake == .servesTheLastFirst, let first = line.grantFirst(()) {
      if let second = line.grantFirst(()) {
        line.takeBack(first.token)
        return [second]
      }
      return [first]
    }
    let next = line.grantFirst(())
    isLocked = next != nil
    return next.map { [$0] } ?? []
  }

  func fault(_ view: WaitModelView) -> String? {
    permitFault(view, permits: 1, free: isLocked ? 0 : 1)
  }
}
