// SPDX-License-Identifier: Apache-2.0
// A loop on a thread of its own: the shared background loop, the further loops of `run(loops:)`, the loops of tests.

import CLinux
import Glibc
import Synchronization

package final class LoopThread: Sendable {
  package let loop: EventLoop
  private let ended: ThreadLatch

  private init(loop: EventLoop, ended: ThreadLatch) {
    self.loop = loop
    self.ended = ended
  }

  /// Starts a thread, makes a backend there, and runs a loop on it until `stop`. Calls `whenEnded` last on that thread,
  /// where the loop is then no longer current: tasks resumed there continue elsewhere.
  ///
  /// - Throws: The error of making the backend; `SystemError` if no thread can be started.
  package static func start(
    name: String, namesTasks: Bool = false, makeBackend: @escaping @Sendable () throws -> any Backend,
    prepare: @escaping @Sendable (EventLoop) -> Void = { _ in }, whenEnded: @escaping @Sendable () -> Void = {}
  ) throws -> LoopThread {
    ExecutorInstallation.ensureRouter()
    let started = ThreadLatch()
    let ended = ThreadLatch()
    let made = Mutex<Result<EventLoop, any Error>?>(nil)
    try DetachedThread.start(name: name) {
      serve(
        namesTasks: namesTasks, makeBackend: makeBackend, prepare: prepare,
        started: { result in
          made.withLock { $0 = result }
          started.open()
        })
      ended.open()
      whenEnded()
    }
    started.wait()
    return LoopThread(loop: try made.withLock { $0.take()! }.get(), ended: ended)
  }

  /// Runs a loop to its end and releases it, so that code which is told of the end does not find the thread holding the
  /// loop.
  @inline(never)
  private static func serve(
    namesTasks: Bool, makeBackend: () throws -> any Backend, prepare: (EventLoop) -> Void,
    started: (Result<EventLoop, any Error>) -> Void
  ) {
    let loop: EventLoop
    do {
      StandardDescriptors.ensureOpen()
      loop = EventLoop(backend: try makeBackend(), namesTasks: namesTasks)
    } catch {
      return started(.failure(error))
    }
    prepare(loop)
    started(.success(loop))
    loop.adopt {
      loop.run { loop.stopRequested }
      loop.finish()
    }
    loop.close()
  }

  /// Ends the loop: cancels its remaining tasks, and waits for its thread. Not from the loop's own thread.
  package func stop() {
    precondition(!loop.isCurrent, "a loop's own thread cannot wait for its end")
    loop.stop()
    ended.wait()
  }
}

/// An event that threads wait for, once.
@safe package final class ThreadLatch: @unchecked Sendable {
  // Safe: owns the semaphore.
  // Sendable: a semaphore may be used from any thread.
  private let semaphore: UnsafeMutablePointer<sem_t> = .allocate(capacity: 1)

  package init() { unsafe sem_init(semaphore, 0, 0) }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  /// Waits at most this long, and returns whether it was opened.
  package func wait(nanoseconds: Int64) -> Bool {
    let (end, overflow) = SystemCall.monotonicTime.addingReportingOverflow(nanoseconds)
    var deadline = timespec(nanoseconds: overflow ? .max : end)
    while unsafe sem_clockwait(semaphore, CLOCK_MONOTONIC, &deadline) != 0 {
      if errno == ETIMEDOUT { return false }
    }
    unsafe sem_post(semaphore)
    return true
  }

  package func open() { unsafe sem_post(semaphore) }

  package func wait() {
    while unsafe sem_wait(semaphore) != 0 {}
    unsafe sem_post(semaphore)
  }
}

/// The loop for programs that never call `EventLoop.run`, started on first use.
enum BackgroundLoop {
  private static let thread = Mutex<LoopThread?>(nil)

  /// - Throws: The error of starting it: no thread, or no descriptor for its backend. The next use tries again.
  static func shared() throws -> EventLoop {
    try thread.withLock { thread in
      if let thread { return thread.loop }
      let started = try LoopThread.start(name: "asyncio-loop") { try BackendChoice.make(nil) }
      thread = started
      return started.loop
    }
  }
}

extension timespec {
  init(nanoseconds: Int64) {
    self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  }
}
