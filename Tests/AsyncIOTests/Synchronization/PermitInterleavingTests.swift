// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

@testable import AsyncIO

/// Primitives that admit some tasks at a time, in every order of events.
@Suite struct PermitInterleavingTests {
  @Test(arguments: [(1, 1), (2, 2), (3, 3), (4, 1)]) func `the lock is held by one task and never lost`(
    tasks: Int, cancellations: Int
  ) throws {
    try explorePermits(
      SemaphoreState<ModelWaiter>(value: 1, bound: 1), permits: 1, tasks: tasks, cancellations: cancellations)
  }

  @Test(arguments: [0, 1, 2, 3]) func `a semaphore has as many inside as permits and loses none`(permits: Int) throws {
    let state = SemaphoreState<ModelWaiter>(value: permits)
    try explorePermits(state, permits: permits, tasks: 3, cancellations: 3)
    // A task that never acquired it releases one more.
    try explorePermits(state, permits: permits, tasks: 3, extra: 1, cancellations: 1)
  }

  @Test(arguments: [(1, [2]), (1, [0, 2]), (2, [1]), (0, [3, 1]), (3, [0, 4])])
  func `a capacity limiter follows its total`(total: Int, changes: [Int]) throws {
    let runs = try explore { choices in
      let model = CapacityModel(total: total)
      let tasks = (0..<3).map { [model.acquire($0), model.release($0)] } + [changes.map(model.change)]
      let run = try Interleaving.run(&choices, tasks: tasks, alike: 3, cancellations: 1, check: { model.fault })
      if let fault = model.faultAtEnd(stuck: run.stuck.count) { throw run.fault(fault) }
    }
    #expect(runs > 100)
  }

  /// A model must find the fault in a faulty machine, or it proves little.
  @Test(arguments: FaultyLock.Mistake.allCases)
  fileprivate func `a mistake in the machine is found`(mistake: FaultyLock.Mistake) {
    #expect(throws: InterleavingError.self) {
      try explorePermits(FaultyLock(mistake: mistake), permits: 1, tasks: 3, cancellations: 3)
    }
  }
}

// MARK: - Permits

/// The state machine of a lock or a semaphore, for the model.
private protocol PermitMachine {
  var free: Int { get }
  mutating func tryAcquire() -> Bool
  mutating func join(_ waiter: ModelWaiter) -> Line<ModelWaiter, Void, Void>.Token
  mutating func release() -> ModelWaiter?
  mutating func leave(_ token: Line<ModelWaiter, Void, Void>.Token) -> Void?
}

extension SemaphoreState<ModelWaiter>: PermitMachine {
  fileprivate var free: Int { value }
}

/// - Parameter extra: How many permits are released without being acquired.
private func explorePermits(
  _ machine: some PermitMachine, permits: Int, tasks count: Int, extra: Int = 0, cancellations: Int
) throws {
  let runs = try explore { choices in
    let model = PermitModel(machine, permits: permits)
    let tasks = Array(repeating: [model.acquire, model.release], count: count)
    let others = Array(repeating: [model.releaseOneMore], count: extra)
    let run = try Interleaving.run(
      &choices, tasks: tasks + others, alike: count, cancellations: cancellations, check: { model.fault })
    if let fault = model.faultAtEnd(stuck: run.stuck.count) { throw run.fault(fault) }
  }
  #expect(runs > count)
}

private final class PermitModel<Machine: PermitMachine> {
  private var machine: Machine
  private var permits: Int
  private var inside = 0

  init(_ machine: Machine, permits: Int) {
    self.machine = machine
    self.permits = permits
  }

  func acquire(_ waiter: ModelWaiter) -> Interleaving.Step {
    if machine.tryAcquire() { return enter() }
    let token = machine.join(waiter)
    return .waits(line: "waits") { [self] in
      guard machine.leave(token) != nil else { return nil }
      _ = enter()
      return "enters"
    }
  }

  private func enter() -> Interleaving.Step {
    inside += 1
    return .done("enters")
  }

  func release(_ waiter: ModelWaiter) -> Interleaving.Step {
    inside -= 1
    machine.release()?.resume()
    return .done("releases")
  }

  func releaseOneMore(_ waiter: ModelWaiter) -> Interleaving.Step {
    permits += 1
    machine.release()?.resume()
    return .done("releases one more")
  }

  var fault: String? {
    if inside > permits { return "\(inside) have one of \(permits) permits" }
    if inside + machine.free > permits { return "\(machine.free) are free though \(inside) of \(permits) are taken" }
    return nil
  }

  func faultAtEnd(stuck: Int) -> String? {
    if inside + machine.free != permits { return "of \(permits) permits \(machine.free) are free, \(inside) taken" }
    return stuck > 0 && machine.free > 0 ? "\(stuck) wait though \(machine.free) are free" : nil
  }
}

/// A lock with a deliberate mistake.
private struct FaultyLock: PermitMachine {
  enum Mistake: CaseIterable, Sendable {
    case forgetsTheLineWhenReleased, losesWhatACancelledTaskWasGranted, letsOthersOvertake, letsEverybodyIn
    case becomesFreeWhenACancelledTaskLeaves
  }

  let mistake: Mistake
  private var isLocked = false
  private var line = Line<ModelWaiter, Void, Void>()

  init(mistake: Mistake) { self.mistake = mistake }

  var free: Int { isLocked ? 0 : 1 }

  mutating func tryAcquire() -> Bool {
    if isLocked && mistake != .letsEverybodyIn { return false }
    isLocked = true
    return true
  }

  mutating func join(_ waiter: ModelWaiter) -> Line<ModelWaiter, Void, Void>.Token { line.join(waiter) }

  mutating func release() -> ModelWaiter? {
    if mistake == .forgetsTheLineWhenReleased {
      isLocked = false
      return nil
    }
    let waiting = line.count
    let next = line.serveFirst(())?.claim
    isLocked = next != nil && mistake != .letsOthersOvertake
    // All waiting tasks were cancelled, and the lock went to one of them.
    if mistake == .losesWhatACancelledTaskWasGranted, next == nil, waiting > 0 { isLocked = true }
    return next
  }

  mutating func leave(_ token: Line<ModelWaiter, Void, Void>.Token) -> Void? {
    let grant: Void? = line.leave(token)
    if grant == nil, mistake == .becomesFreeWhenACancelledTaskLeaves { isLocked = false }
    return grant
  }
}

// MARK: - The capacity limiter

private final class CapacityModel {
  private var state: CapacityState<ModelWaiter, Int>
  private var holders: Set<Int> = []
  private var waiting: Set<Int> = []

  init(total: Int) { state = CapacityState(total: total) }

  func acquire(_ task: Int) -> Interleaving.Operation {
    { [self] waiter in
      if state.tryAcquire(for: task) { return enter(task) }
      let place = state.join(waiter, for: task)
      waiting.insert(task)
      return .waits(line: "waits") { [self] in
        waiting.remove(task)
        guard state.leave(place) != nil else { return nil }
        _ = enter(task)
        return "enters"
      }
    }
  }

  private func enter(_ task: Int) -> Interleaving.Step {
    holders.insert(task)
    return .done("enters")
  }

  func release(_ task: Int) -> Interleaving.Operation {
    { [self] _ in
      holders.remove(task)
      var served = Few<ModelWaiter>()
      state.release(by: task, &served)
      served.resume()
      return .done("releases")
    }
  }

  func change(to total: Int) -> Interleaving.Operation {
    { [self] _ in
      var served = Few<ModelWaiter>()
      state.setTotal(total, &served)
      served.resume()
      return .done("the total becomes \(total)")
    }
  }

  var fault: String? {
    let borrowers = Set(state.borrowers)
    if state.borrowed != borrowers.count { return "\(borrowers) are said to have a token of \(state.borrowed)" }
    if !holders.isSubset(of: borrowers) { return "\(holders) have a token, and \(borrowers) are said to" }
    if !borrowers.subtracting(holders).isSubset(of: waiting) { return "\(borrowers) have a token and \(waiting) wait" }
    if state.available != max(0, state.total - borrowers.count) { return "\(state.available) are available" }
    if state.available > 0 && !state.line.isEmpty { return "some wait though \(state.available) tokens are there" }
    for task in waiting where state.standing(of: task) == nil { return "\(task) isn't known to wait" }
    return nil
  }

  func faultAtEnd(stuck: Int) -> String? {
    if state.borrowed > 0 { return "a token wasn't given back" }
    return stuck > 0 && state.total > 0 ? "\(stuck) wait for ever" : nil
  }
}
