// SPDX-License-Identifier: Apache-2.0
// Which task runs on another thread, and its name. The runtime answers both only to the task itself, and a loop that
// noted them before each job would pay for it, and not know them of a job that runs tasks of an actor one after the
// other, nor of a task that is started eagerly within another. So the watchdog reads what the runtime keeps: the
// thread-local variable with the current task, and the task's list of status records, one of which holds the name.
//
// Where those stand is no ABI, and so is found out: the thread that asks runs two tasks of its own, with names that it
// knows, and looks for their addresses and names. What isn't found in the same place both times is not known. Reads of
// other threads' memory are checked by the kernel (ProcessMemory): what is read may be out of date, and is no fault.

import CSwiftRuntime
import Synchronization
import ThreadBacktraces

/// Where the runtime keeps what is asked of it.
struct RunningTask: Equatable {
  /// The place of the current task among the runtime's thread-local variables, in bytes.
  let current: UInt64
  /// The place of the list of status records in a task, in bytes; that of the name in a record; and that record's kind.
  let records: UInt64
  let name: UInt64
  let kind: UInt64

  /// What was found out once for the process. Not for a thread with a loop: the first call runs tasks.
  static let layout: RunningTask? = {
    guard let first = RunningTask(tryingWith: "asyncio-watch 1"), first == RunningTask(tryingWith: "asyncio-watch 2")
    else {
      return nil
    }
    return first
  }()

  /// The address of the task that runs on the thread whose variables begin there; nil if there is none.
  static func address(onThreadWith storage: UInt64) -> UInt64? {
    guard storage != 0, let layout else { return nil }
    guard let address = ProcessMemory().word(at: storage &+ layout.current), address != 0 else { return nil }
    return address
  }

  /// The name that the task was given in `Task(name:)`.
  static func name(ofTaskAt address: UInt64) -> String? {
    let memory = ProcessMemory()
    guard let layout, var record = memory.word(at: address &+ layout.records) else { return nil }
    // Time limits, child tasks and handlers have records too, the latest one first.
    for _ in 0..<256 {
      guard record != 0, let flags = memory.word(at: record) else { return nil }
      if flags & 0xff == layout.kind {
        guard let start = memory.word(at: record &+ layout.name) else { return nil }
        let text = memory.bytes(at: start, count: 256).prefix { $0 != 0 }
        return String(validating: text, as: UTF8.self)
      }
      guard let outer = memory.word(at: record &+ 8) else { return nil }
      record = outer
    }
    return nil
  }

  /// Runs a task with a name on this thread, and looks for both.
  private init?(tryingWith name: String) {
    let executor = OnThisThread()
    let storage = asyncio_runtime_storage()
    let variables = (start: UInt64(storage.start), size: UInt64(storage.size))
    let found = Mutex<(task: UInt64, place: RunningTask)?>(nil)
    Task.detached(name: name, executorPreference: executor) {
      let task = unsafe UInt64(UInt(bitPattern: asyncio_current_task()))
      let name = unsafe UInt64(UInt(bitPattern: asyncio_current_task_name()))
      guard let place = RunningTask(task: task, name: name, variables: variables) else { return }
      found.withLock { $0 = (task, place) }
    }
    executor.run()
    // Outside of the task the variable is another's.
    guard let (task, place) = found.withLock({ $0 }),
      ProcessMemory().word(at: variables.start &+ place.current) != task
    else { return nil }
    self = place
  }

  /// Looks for what is known of the calling task.
  private init?(task: UInt64, name: UInt64, variables: (start: UInt64, size: UInt64)) {
    let memory = ProcessMemory()
    guard task != 0, name != 0,
      let current = stride(from: 0, to: variables.size, by: 8).first(where: {
        memory.word(at: variables.start &+ $0) == task
      })
    else { return nil }
    // A task without anything else has the record of its name alone. Its first words are the object's and the job's.
    for records in stride(from: UInt64(32), to: 384, by: 8) {
      guard let record = memory.word(at: task &+ records), record % 8 == 0, let flags = memory.word(at: record) else {
        continue
      }
      for place in stride(from: UInt64(16), through: 32, by: 8) where memory.word(at: record &+ place) == name {
        (self.current, self.records, self.name, kind) = (current, records, place, flags & 0xff)
        return
      }
    }
    return nil
  }
}

/// Keeps jobs for the thread that has made it.
private final class OnThisThread: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
  }

  func run() {
    while let job = jobs.withLock({ $0.popLast() }) {
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}
