// SPDX-License-Identifier: Apache-2.0
// Drives the machine behind a primitive with a few tasks that exist only here, in every order of events that tasks on
// any threads can bring about. One event is one turn behind the mutex, or one wait that is ended.
//
// A task asks (and may go on at once), joins the line, is resumed, leaves the line, and exits; and it may be cancelled
// at any moment. Whoever grants a place resumes its task in a later event, and others may act in between. Resuming a task
// that was cancelled before says so if that happens on the task's own loop: the grant is passed over. From another
// thread nobody can say: the grant stands, and the task finds it when it leaves. Both are tried.
//
// A machine is a value, so the search goes on from copies of it, and needn't begin anew for each order as `explore` does.
// From a state that an earlier order has led to nothing is tried again. States are told apart by where the tasks and the
// threads are, not by who is who, and by what the machine says of itself; how its line lies in memory is no part of that
// (WaitQueueTests try the line itself).

@testable import AsyncIO

/// What the model drives: the machine behind a primitive, for waiters that are numbers.
protocol WaitMachine {
  associatedtype Request: Sendable
  associatedtype Value: Sendable
  associatedtype Place
  typealias Granted = WaitQueue<Int, Request, Value>.Granted

  /// Lets the task go on without waiting, if that can be.
  mutating func ask(_ task: Int) -> (passes: Bool, granted: [Granted])
  /// Joins the line; if the task passes, it doesn't have to wait any more.
  mutating func join(_ task: Int) -> (place: Place, passes: Bool, granted: [Granted])
  /// A task was resumed: whom the same thread resumes next.
  mutating func next(after granted: Granted) -> [Granted]
  /// A task was found cancelled: who is granted something in its place.
  mutating func passOver(_ granted: Granted) -> [Granted]
  /// Whether a task keeps what it was granted even if it is found cancelled.
  func keeps(_ granted: Granted) -> Bool
  /// Whether the task that leaves the line was granted something.
  mutating func leave(_ place: Place) -> Bool
  /// Whether a task that was let through has something to give back.
  var isHeld: Bool { get }
  /// A task gives back what it was let through with.
  mutating func exit(_ task: Int) -> [Granted]

  /// All that its future depends on, but for the order of its line; the tasks in it by these numbers.
  func key(_ numbers: [Int]) -> [Int]

  /// What else may happen now, besides what tasks do.
  var actions: [String] { get }
  mutating func perform(_ action: String) -> [Granted]

  /// Whether a task may go on without waiting while others wait.
  var letsOvertake: Bool { get }
  /// What is wrong with the state of things; nil if nothing is.
  func fault(_ view: WaitModelView) -> String?
}

extension WaitMachine {
  mutating func next(after granted: Granted) -> [Granted] { [] }
  func keeps(_ granted: Granted) -> Bool { false }
  var isHeld: Bool { false }
  mutating func exit(_ task: Int) -> [Granted] { preconditionFailure("there is nothing to give back") }
  var letsOvertake: Bool { false }
  var actions: [String] { [] }
  mutating func perform(_ action: String) -> [Granted] { preconditionFailure("there is no \(action)") }
}

/// What a machine's own check sees of the tasks.
struct WaitModelView {
  /// Who was let through and hasn't exited.
  let inside: [Int]
  /// Who was granted something and hasn't left the line.
  let granted: [Int]
  /// Who stands in line, the first first.
  let waiting: [Int]
  /// Whether no thread is in the middle of handing things out.
  let isSettled: Bool
  /// Whether nothing can happen any more.
  let isOver: Bool
}

struct WaitModelError: Error, CustomStringConvertible {
  let fault: String
  let events: [String]

  var description: String { "\(fault), after: \(events.joined(separator: ", "))" }
}

/// Explores a machine with so many tasks, each of which comes once. Returns how many states there are.
@discardableResult
func exploreWaits(tasks: Int, _ machine: some WaitMachine) throws -> Int {
  var known: Set<[Int]> = []
  var branches = [WaitModel(machine: machine, tasks: tasks)]
  while let model = branches.popLast() {
    let events = model.events
    if events.isEmpty { try model.check(isOver: true) }
    for event in events {
      var next = model
      try next.perform(event)
      // Even if the state is known: what a machine notes in order to find a fault is no part of it.
      try next.check(isOver: false)
      if known.insert(next.key).inserted { branches.append(next) }
    }
  }
  return known.count
}

private struct WaitModel<Machine: WaitMachine> {
  enum Event: CustomStringConvertible {
    case asks(Int)
    case joins(Int)
    case isCancelled(Int)
    case leaves(Int)
    case exits(Int)
    /// The first thing that a thread still has to hand out; on the task's own loop, or from elsewhere.
    case resumes(thread: Int, fromElsewhere: Bool)
    case action(String)

    var description: String {
      switch self {
      case .asks(let task): "\(task) asks"
      case .joins(let task): "\(task) joins"
      case .isCancelled(let task): "\(task) is cancelled"
      case .leaves(let task): "\(task) leaves"
      case .exits(let task): "\(task) exits"
      case .resumes(let thread, let elsewhere): "thread \(thread) resumes\(elsewhere ? " from elsewhere" : "")"
      case .action(let name): name
      }
    }
  }

  struct Task {
    enum Phase: Int { case away, asked, inLine, inside, gone }
    var phase = Phase.away
    var isCancelled = false
    /// How the wait ended, once it has: it does when its task is resumed or cancelled, whichever is first.
    var wasResumed = false
    var wasCancelled = false
    var isGranted = false
    var place: Machine.Place?

    var sign: Int {
      var sign = phase.rawValue
      if isCancelled { sign |= 8 }
      if wasResumed { sign |= 16 }
      if wasCancelled { sign |= 32 }
      if isGranted { sign |= 64 }
      return sign
    }
  }

  /// A thread that hands things out. If it is a task, the task does nothing else meanwhile.
  struct Thread {
    let task: Int?
    var granted: [Machine.Granted]
  }

  var machine: Machine
  var tasks: [Task]
  var threads: [Thread] = []
  var waiting: [Int] = []
  var inside: [Int] = []
  var log: [Event] = []

  init(machine: Machine, tasks count: Int) {
    self.machine = machine
    tasks = Array(repeating: Task(), count: count)
  }

  /// All that the future depends on, but for who is who: tasks are numbered by where they are. Most of the time of a
  /// search goes into this.
  var key: [Int] {
    var signs: [Int] = []
    for index in tasks.indices { signs.append(tasks[index].sign) }
    for index in waiting.indices { signs[waiting[index]] |= (index + 1) << 8 }
    for index in threads.indices {
      if let task = threads[index].task { signs[task] |= 1 << 16 }
      for place in threads[index].granted.indices {
        signs[threads[index].granted[place].waiter] |= (place + 1) << 20
      }
    }
    let order = tasks.indices.sorted { signs[$0] < signs[$1] }
    var numbers = signs
    for index in order.indices { numbers[order[index]] = index }

    // What a thread has to do fits into a number: with eight for nobody.
    var handing: [Int] = []
    for index in threads.indices {
      var number = threads[index].task.map { numbers[$0] } ?? 8
      for place in threads[index].granted.indices {
        number = number << 4 | (numbers[threads[index].granted[place].waiter] + 1)
      }
      handing.append(number)
    }
    var key = machine.key(numbers)
    key.append(-1)
    for index in order.indices { key.append(signs[order[index]]) }
    key += handing.count > 1 ? handing.sorted() : handing
    return key
  }

  var events: [Event] {
    var events: [Event] = []
    // Tasks are alike until they ask: so they do in the order of their numbers.
    if let first = tasks.firstIndex(where: { $0.phase == .away }) { events.append(.asks(first)) }
    for (index, task) in tasks.enumerated() where !isBusy(index) {
      switch task.phase {
      case .asked: events.append(.joins(index))
      case .inLine: if task.wasResumed || task.wasCancelled { events.append(.leaves(index)) }
      case .inside: events.append(.exits(index))
      case .away, .gone: break
      }
    }
    for (index, task) in tasks.enumerated() where !task.isCancelled && (task.phase == .asked || task.phase == .inLine) {
      events.append(.isCancelled(index))
    }
    for (index, thread) in threads.enumerated() {
      events.append(.resumes(thread: index, fromElsewhere: false))
      let target = tasks[thread.granted[0].waiter]
      // It makes a difference only then.
      if target.phase == .inLine && target.wasCancelled {
        events.append(.resumes(thread: index, fromElsewhere: true))
      }
    }
    return events + machine.actions.map { .action($0) }
  }

  mutating func perform(_ event: Event) throws {
    log.append(event)
    switch event {
    case .asks(let task):
      let (passes, granted) = machine.ask(task)
      if passes && !waiting.isEmpty && granted.isEmpty && !machine.letsOvertake {
        throw fault("\(task) overtakes \(waiting)")
      }
      if passes { letIn(task) } else { tasks[task].phase = .asked }
      try hand(granted, by: task)
    case .joins(let task):
      let (place, passes, granted) = machine.join(task)
      tasks[task].phase = .inLine
      tasks[task].place = place
      if passes {
        tasks[task].wasResumed = true
        tasks[task].isGranted = true
      } else {
        waiting.append(task)
      }
      try hand(granted, by: task)
      beginWait(of: task)
    case .isCancelled(let task):
      tasks[task].isCancelled = true
      beginWait(of: task)
    case .leaves(let task): try leave(task)
    case .exits(let task):
      tasks[task].phase = .gone
      inside.removeAll { $0 == task }
      try hand(machine.exit(task), by: task)
    case .resumes(let thread, let fromElsewhere): try resume(byThread: thread, fromElsewhere: fromElsewhere)
    case .action(let action): try hand(machine.perform(action), by: nil)
    }
  }

  /// A task that is cancelled, be it before it came, ends its wait by that, unless it was resumed first.
  private mutating func beginWait(of task: Int) {
    if tasks[task].phase == .inLine && tasks[task].isCancelled && !tasks[task].wasResumed && !isBusy(task) {
      tasks[task].wasCancelled = true
    }
  }

  private mutating func letIn(_ task: Int) {
    tasks[task] = Task(phase: machine.isHeld ? .inside : .gone)
    if machine.isHeld { inside.append(task) }
  }

  private mutating func leave(_ task: Int) throws {
    let isThrough = machine.leave(tasks[task].place!)
    if isThrough != tasks[task].isGranted { throw fault("\(task) leaves the line with what it wasn't granted") }
    if !isThrough && !tasks[task].isCancelled { throw fault("\(task) was resumed for nothing") }
    waiting.removeAll { $0 == task }
    tasks[task] = Task(phase: .gone)
    if isThrough { letIn(task) }
  }

  private mutating func resume(byThread index: Int, fromElsewhere: Bool) throws {
    var thread = threads.remove(at: index)
    let granted = thread.granted.removeFirst()
    let target = granted.waiter
    let isRefused =
      tasks[target].phase == .inLine && tasks[target].wasCancelled && !fromElsewhere && !machine.keeps(granted)
    if tasks[target].phase == .inLine && !tasks[target].wasCancelled { tasks[target].wasResumed = true }
    let next: [Machine.Granted]
    if isRefused {
      tasks[target].isGranted = false
      next = machine.passOver(granted)
    } else {
      next = machine.next(after: granted)
    }
    try note(next)
    thread.granted += next
    if !thread.granted.isEmpty { threads.append(thread) } else if let task = thread.task { beginWait(of: task) }
  }

  private mutating func hand(_ granted: [Machine.Granted], by task: Int?) throws {
    try note(granted)
    if !granted.isEmpty { threads.append(Thread(task: task, granted: granted)) }
  }

  private mutating func note(_ granted: [Machine.Granted]) throws {
    for grant in granted {
      guard waiting.first == grant.waiter else {
        throw fault("\(grant.waiter) is granted something though the line is \(waiting)")
      }
      waiting.removeFirst()
      tasks[grant.waiter].isGranted = true
    }
  }

  private func isBusy(_ task: Int) -> Bool { threads.contains { $0.task == task } }

  func check(isOver: Bool) throws {
    let view = WaitModelView(
      inside: inside, granted: tasks.indices.filter { tasks[$0].isGranted }, waiting: waiting,
      isSettled: threads.isEmpty, isOver: isOver)
    if let fault = machine.fault(view) { throw self.fault(fault) }
  }

  private func fault(_ text: String) -> WaitModelError { WaitModelError(fault: text, events: log.map(\.description)) }
}
