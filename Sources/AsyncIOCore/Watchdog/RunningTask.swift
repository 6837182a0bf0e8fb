// SPDX-License-Identifier: Apache-2.0
// Finds the task that runs on another thread, and its name. The runtime tells both only to the task itself. If the loop
// noted them before each job, it would have a cost. It would also miss the tasks in a job that runs an actor's tasks
// one after another, and a task that is started eagerly within another. So the watchdog reads the runtime's data: the
// thread-local variable with the current task, and the task's list of status records, one of which holds the name.
//
// The layout of that data is not ABI, so it is probed. The asking thread runs two tasks of its own, with names that it
// knows, and looks for their addresses and names. Data not found in one place both times counts as unknown. The kernel
// checks reads of other threads' memory (ProcessMemory): the result may be out of date, but a read never crashes.

import CSwiftRuntime
import Synchronization
import ThreadBacktraces

/// The layout of the runtime's data.
struct RunningTask: Equatable {
  /// The offset of the current task in the runtime's thread-local variables, in bytes.
  let current: UInt64
  /// The offsets in bytes of the list of status records in a task and of the name in a record, and that record's kind.
  let records: UInt64
  let name: UInt64
  let kind: UInt64

  /// The layout, probed once for the process. Not for a thread with a loop: the first call runs tasks.
  static let layout: RunningTask? = {
    guard let first = RunningTask(tryingWith: "asyncio-watch 1"), first == RunningTask(tryingWith: "asyncio-watch 2")
    else {
      return nil
    }
    return first
  }()

  /// The address of the running task on the thread whose variables begin there; nil without a task.
  static func address(onThreadWith storage: UInt64) -> UInt64? {
    guard storage != 0, let layout else { return nil }
    guard let address = ProcessMemory().word(at: storage &+ layout.current), address != 0 else { return nil }
    return address
  }

  /// The task's name, as given to `Task(name:)`.
  static func name(ofTaskAt address: UInt64) -> String? {
    let memory = ProcessMemory()
    guard let layout, var record = memory.word(at: address &+ layout.records) else { return nil }
    // Time limits, child tasks and handlers have records too; the latest comes first.
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

  /// Runs a task with a name on this thread, and looks for its address and its name.
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
    // Outside of the task, the variable must differ.
    guard let (task, place) = found.withLock({ $0 }),
      ProcessMemory().word(at: variables.start &+ place.current) != task
    else { return nil }
    self = place
  }

  /// Looks for the known data of the calling task.
  private init?(task: UInt64, name: UInt64, variables: (start: UInt64, size: UInt64)) {
    let memory = ProcessMemory()
    guard task != 0, name != 0,
      let current = stride(from: 0, to: variables.size, by: 8).first(where: {
        memory.word(at: variables.start &+ $0) == task
      })
    else { return nil }
    // A task without further records has only that of its name. Its first words are the object's and the job's.
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

/// Keeps jobs for the thread that made it.
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
