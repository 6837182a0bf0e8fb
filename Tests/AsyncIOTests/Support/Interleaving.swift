// SPDX-License-Identifier: Apache-2.0
// A few model tasks that use a state in every order in which tasks on any threads could, and are cancelled at any
// moment. One step of a task is one section of the mutex. It begins an operation, which is done at once or waits; or it
// leaves its line after the wait has ended. Other tasks do not see what a task does between two sections, so these are
// all orders.
//
// Only the thread of its own loop knows that a waiting task was cancelled. So where a state asks (`claim`), both
// answers are tried. Resuming a task late only makes it continue late, so it is resumed at once.

import AsyncIOCore

/// One order of events; `explore` runs them all.
final class Interleaving {
  /// The result of an operation, in words. Or the line where it waits, with a function for the result after the wait:
  /// nil if nothing was granted.
  enum Step {
    case done(String)
    case waits(line: String, leave: () -> String?)
  }

  typealias Operation = (ModelWaiter) -> Step

  /// An event, for the message of a failure.
  fileprivate struct Event: CustomStringConvertible {
    let task: Int
    let what: String

    var description: String { "\(task): \(what)" }
  }

  private struct Task {
    var operations: ArraySlice<Operation>
    var wait: Wait?
    var isCancelled = false
    var hasBegun = false
    var outcomes: [String] = []
  }

  private var tasks: [Task] = []
  private var alike = 0
  private var waits: [Wait] = []
  private var choices: Choices
  private var cancellationsLeft: Int
  private var events: [Event] = []

  private init(_ choices: Choices, cancellations: Int) {
    self.choices = choices
    cancellationsLeft = cancellations
  }

  /// Runs the tasks in one order of events.
  ///
  /// - Parameters:
  ///   - alike: How many tasks, from the first on, do the same. They begin in their order, since any other order only
  ///     numbers them differently.
  ///   - cancellations: The most tasks that are cancelled.
  ///   - check: Called after each step; returns the fault, or nil.
  static func run(
    _ choices: inout Choices, tasks: [[Operation]], alike: Int = 0, cancellations: Int, check: () -> String?
  ) throws -> Interleaving {
    let model = Interleaving(choices, cancellations: cancellations)
    defer {
      choices = model.choices
      model.end()
    }
    model.tasks = tasks.map { Task(operations: $0[...]) }
    model.alike = alike
    while try model.perform() {
      if let fault = check() { throw model.fault(fault) }
    }
    return model
  }

  /// The results of the operations that each task has ended.
  var outcomes: [[String]] { tasks.map(\.outcomes) }

  /// The lines in which tasks wait for ever.
  var stuck: [String] { tasks.compactMap { $0.wait?.line } }

  func fault(_ text: String) -> InterleavingError { InterleavingError(fault: text, events: events) }

  /// Breaks reference cycles: a state holds the waits in its lines, and their closures hold the state.
  private func end() {
    for wait in waits { wait.leave = { nil } }
  }

  // MARK: - Events

  /// Performs one of the possible events. Returns false if the run ends.
  private func perform() throws -> Bool {
    let ready = tasks.indices.filter { isReady(tasks[$0]) && !isBehindOneAlike($0) }
    let cancellable = tasks.indices.filter {
      cancellationsLeft > 0 && isCancellable(tasks[$0]) && !isBehindOneAlike($0)
    }
    // When no task can continue, the run may end here or go on with a cancellation.
    let count = ready.count + cancellable.count + (ready.isEmpty ? 1 : 0)
    let choice = choices.pick(count)
    if choice < ready.count {
      try step(ready[choice])
    } else if choice < ready.count + cancellable.count {
      cancel(cancellable[choice - ready.count])
    } else {
      return false
    }
    return true
  }

  /// Whether the task has not begun, nor has an earlier task that does the same.
  private func isBehindOneAlike(_ index: Int) -> Bool {
    index > 0 && index < alike && !tasks[index - 1].hasBegun
  }

  private func isReady(_ task: Task) -> Bool {
    if let wait = task.wait { return wait.phase != .waiting }
    return !task.operations.isEmpty
  }

  private func isCancellable(_ task: Task) -> Bool {
    !task.isCancelled && (task.wait != nil || !task.operations.isEmpty)
  }

  private func cancel(_ index: Int) {
    cancellationsLeft -= 1
    tasks[index].isCancelled = true
    tasks[index].hasBegun = true
    events.append(Event(task: index, what: "is cancelled"))
    if let wait = tasks[index].wait, wait.phase == .waiting { wait.phase = .cancelled }
  }

  private func step(_ index: Int) throws {
    guard let wait = tasks[index].wait else { return begin(index) }
    tasks[index].wait = nil
    let wasGranted = wait.standing == .granted
    wait.standing = .left
    guard let outcome = wait.leave() else {
      if wait.phase == .resumed { throw fault("\(index) was resumed for nothing") }
      if wasGranted { throw fault("\(index) didn't find what it was granted") }
      return end(index, "cancelled")
    }
    if !wasGranted { throw fault("\(index) found what it wasn't granted") }
    end(index, outcome)
  }

  private func begin(_ index: Int) {
    let wait = Wait(self, task: index)
    tasks[index].hasBegun = true
    switch tasks[index].operations.removeFirst()(ModelWaiter(wait: wait)) {
    case .done(let outcome): end(index, outcome)
    case .waits(let line, let leave):
      events.append(Event(task: index, what: line))
      wait.line = line
      wait.leave = leave
      if tasks[index].isCancelled { wait.phase = .cancelled }
      tasks[index].wait = wait
      waits.append(wait)
    }
  }

  private func end(_ index: Int, _ outcome: String) {
    events.append(Event(task: index, what: outcome))
    tasks[index].outcomes.append(outcome)
    if outcome == "cancelled" { tasks[index].operations = [] }
  }

  // MARK: - Waits

  /// The wait of a task, like `LineWait`.
  fileprivate final class Wait: @unchecked Sendable {
    // Sendable: a model and everything that belongs to it stay on one thread.
    enum Phase { case waiting, resumed, cancelled }
    enum Standing { case inLine, granted, passedOver, left }

    private unowned let model: Interleaving
    let task: Int
    var line = ""
    var leave: () -> String? = { nil }
    var phase = Phase.waiting
    var standing = Standing.inLine

    init(_ model: Interleaving, task: Int) {
      self.model = model
      self.task = task
    }

    func claim(evenIfCancelled: Bool) -> Bool {
      precondition(standing == .inLine, "a place in the line was granted something twice: \(model.events)")
      let isKnownToBeOver = phase == .cancelled && !evenIfCancelled && model.choices.pick(2) == 1
      model.events.append(Event(task: task, what: isKnownToBeOver ? "is passed over" : "is granted something"))
      let first = model.waits.first { $0.standing == .inLine && $0.line == line }
      precondition(first === self, "\(task) has overtaken another: \(model.events)")
      standing = isKnownToBeOver ? .passedOver : .granted
      return !isKnownToBeOver
    }
  }
}

/// The wait of a model's task.
struct ModelWaiter: LineWaiter {
  fileprivate let wait: Interleaving.Wait

  func claim() -> ModelWaiter? { wait.claim(evenIfCancelled: false) ? self : nil }

  var claimOfAnyone: ModelWaiter {
    _ = wait.claim(evenIfCancelled: true)
    return self
  }

  /// Ends the wait, like the thread that has claimed it, after the mutex was released.
  func resume() { if wait.phase == .waiting { wait.phase = .resumed } }
}

extension Few<ModelWaiter> {
  func resume() { forEach { $0.resume() } }
}

/// A waiter that is never cancelled.
struct NumberedWaiter: LineWaiter, Hashable {
  let number: Int

  func claim() -> NumberedWaiter? { self }

  var claimOfAnyone: NumberedWaiter { self }
}

struct InterleavingError: Error, CustomStringConvertible {
  let fault: String
  fileprivate let events: [Interleaving.Event]

  var description: String { "\(fault), after: \(events.map(\.description).joined(separator: ", "))" }
}
