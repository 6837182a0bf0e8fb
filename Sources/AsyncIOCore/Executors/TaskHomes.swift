// SPDX-License-Identifier: Apache-2.0
// Which loop a task belongs to, in a process that runs tests. A job carries no loop, and the router goes by the thread
// that enqueues it: a task that another thread resumes (a callback of Dispatch, the loop of another test) would go on
// there, in real time. So a loop of a test notes the tasks that reach it, and they come back.
//
// A task is known by its address and its number: the runtime uses addresses again and again, which bounds the table by
// the tasks that exist at a time, and a number never. Other jobs have no number: the one that `Task.yield` makes would
// be taken for an earlier one at its address, and carry a task to a loop that is not its own. So they have no home.

import CSwiftRuntime
import Synchronization

enum TaskHomes {
  private struct Home {
    let number: UInt64
    let loop: EventLoop
  }

  private static let homes = Mutex<[UInt: Home]>([:])
  private static let loops = Atomic<Int>(0)

  /// Whether any loop keeps its tasks.
  static var areKept: Bool { loops.load(ordering: .relaxed) > 0 }

  static func begin(_ loop: EventLoop) { loops.add(1, ordering: .relaxed) }

  static func end(_ loop: EventLoop) {
    homes.withLock { homes in homes = homes.filter { $0.value.loop !== loop } }
    loops.subtract(1, ordering: .relaxed)
  }

  /// Where the job's task was before, if that is known.
  static func home(of job: UnownedJob) -> EventLoop? {
    guard let (address, number) = identity(of: job) else { return nil }
    return homes.withLock { homes in homes[address].flatMap { $0.number == number ? $0.loop : nil } }
  }

  /// The same; a task that is new belongs to `loop` from now on, and a job that is not a task's is for `loop` this once.
  static func home(of job: UnownedJob, orNow loop: EventLoop) -> EventLoop {
    guard let (address, number) = identity(of: job) else { return loop }
    return homes.withLock { homes in
      if let home = homes[address], home.number == number { return home.loop }
      homes[address] = Home(number: number, loop: loop)
      return loop
    }
  }

  /// Nil for a job that is not a task's.
  private static func identity(of job: UnownedJob) -> (address: UInt, number: UInt64)? {
    guard isTask(job) else { return nil }
    // Safety: an UnownedJob is one word, the address of the job. Its executor keeps it alive here.
    let address = unsafe unsafeBitCast(job, to: UInt.self)
    return (address, unsafe asyncio_task_number(UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped))
  }
}

extension EventLoop {
  /// Tasks that reach this loop stay on it, on whatever thread they are resumed, and jobs of the main actor may run
  /// here. For loops of tests, before they run.
  package func keepTasks() {
    keepsTasks = true
    TaskHomes.begin(self)
  }

  /// On the thread of a loop that keeps its tasks: whether that job is for here, and if so, or if it is for another such
  /// loop, it is in the run queue. A task from outside that had hopped to an actor of this loop, and now returns, is not.
  func keep(_ job: UnownedJob, as kind: ReadyKind) -> Bool {
    let home: EventLoop
    if unsafe runningKind == .serial && asyncio_current_task() == nil {
      guard let known = TaskHomes.home(of: job) else { return false }
      home = known
    } else {
      home = TaskHomes.home(of: job, orNow: self)
    }
    let item = ReadyItem(job, kind)
    guard home === self else {
      home.enqueueFromAnywhere(item)
      return true
    }
    if kind == .main && !takeMainActor() { return false }
    ready.append(item)
    return true
  }
}
