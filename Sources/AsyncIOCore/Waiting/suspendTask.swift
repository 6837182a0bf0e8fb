// SPDX-License-Identifier: Apache-2.0
// How a task is suspended: by a function in C, see `suspension.c` in CSwiftRuntime. Before the call the task stores
// itself, which is its job, in a wait or in the run queue. Nothing else runs on the loop's thread until the task is
// suspended.
//
// A whole yield takes 101 ns so, and 116 with a hop to an actor whose executor keeps the job (Swift 6.3.1, x86_64, one
// core). `Task.yield` takes more than twice as long.
//
// Benchmark: yield, yield1.

import CSwiftRuntime

/// Suspends the calling task until its job is run. `@concurrent`: it returns wherever the job is run, and the caller,
/// as after any call of such a function, goes to the actor that it belongs to, if it is not there yet.
@_silgen_name("asyncio_suspend") @concurrent @usableFromInline func suspendTask() async

/// Where tasks hop to if they cannot be suspended directly. Their jobs are elsewhere already.
final class KeeperOfJobs: SerialExecutor {
  private static let shared = KeeperOfJobs()

  /// Read before the first suspension.
  static let isInstalled: Bool = {
    let executor = unsafe shared.asUnownedSerialExecutor()
    // Safety: an executor is two words, the object and how it is used (ABI), and this object is never released.
    let (identity, implementation) = unsafe unsafeBitCast(executor, to: (UnsafeMutableRawPointer, UInt).self)
    unsafe asyncio_set_keeper_of_jobs(identity, implementation)
    return true
  }()

  func enqueue(_ job: consuming ExecutorJob) {
    // Safety: an UnownedJob is one word, the address of the job. The task that it belongs to is alive.
    unsafe asyncio_job_is_kept(unsafeBitCast(UnownedJob(job), to: UnsafeMutableRawPointer.self))
  }
}

extension EventLoop {
  /// Whether the first suspension is to find that tasks can be suspended directly; for tests.
  package static var maySuspendDirectly: Bool { asyncio_may_suspend_directly() }

  /// Whether tasks are suspended directly, or hop; nil before the first suspension of the process has found out. For
  /// tests, which may choose at any time: each suspension stands for itself.
  package static var suspendsDirectly: Bool? {
    get {
      let kind = asyncio_suspension_kind()
      return kind == Int32(ASYNCIO_SUSPENSION_UNKNOWN) ? nil : kind == Int32(ASYNCIO_SUSPENSION_DIRECT)
    }
    set {
      let kind = newValue.map { $0 ? ASYNCIO_SUSPENSION_DIRECT : ASYNCIO_SUSPENSION_HOP } ?? ASYNCIO_SUSPENSION_UNKNOWN
      asyncio_set_suspension_kind(Int32(kind))
    }
  }
}
