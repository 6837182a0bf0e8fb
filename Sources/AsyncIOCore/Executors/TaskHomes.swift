// SPDX-License-Identifier: Apache-2.0
// The loop that a task belongs to, in a process that runs tests. A job carries no loop, and the router goes by the
// thread that enqueues it. A task resumed by another thread (a callback of Dispatch, the loop of another test) would
// continue there, in real time. So the loop of a test notes the tasks that reach it, and they come back.
//
// A task is identified by its address and its number. The runtime reuses addresses, which bounds the table by the
// number of tasks that exist at a time, but never numbers. Other jobs have no number. The job that `Task.yield` makes
// would be taken for an earlier one at its address, and would carry a task to another loop. So such jobs have no home.

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

  /// The loop of the job's task, if it is known.
  static func home(of job: UnownedJob) -> EventLoop? {
    guard let (address, number) = identity(of: job) else { return nil }
    return homes.withLock { homes in homes[address].flatMap { $0.number == number ? $0.loop : nil } }
  }

  /// The loop of the job's task. A new task belongs to `loop` from now on. A job that is not a task's goes to `loop`
  /// this once.
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
  /// Keeps tasks that reach this loop on it, whatever thread resumes them, and allows jobs of the main actor to run
  /// here. For loops of tests, before they run.
  package func keepTasks() {
    keepsTasks = true
    TaskHomes.begin(self)
  }

  /// Puts a job of this loop, or of another one that keeps its tasks, into its run queue, and returns whether it did.
  /// Not such a job: a task from outside that hopped to an actor of this loop, and now returns. Called on this loop's
  /// thread.
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
