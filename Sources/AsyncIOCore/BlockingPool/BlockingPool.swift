// SPDX-License-Identifier: Apache-2.0
// Threads for calls that block: libc's name look-ups, files, TLS configurations. They are started on demand, at most
// `limit`, and end after a while without work. The library's own waits never block them: only foreign code that cannot
// wait in another way runs here.
//
// One mutex and one condition variable guard the queue. Of a loop, workers touch only its inbox.

import CLinux
import Glibc
import Synchronization

@safe package final class BlockingPool: @unchecked Sendable {
  // Safe: the one instance is never released, and neither are the mutex and the condition that it owns.
  // Sendable: all mutable state is touched only with `mutex` held.

  package static let shared = BlockingPool()

  /// The limit of asyncio's default executor: `min(32, cores + 4)`.
  private let limit = min(32, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) + 4)
  private let idleSeconds = 10

  private let mutex: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  private let condition: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
  /// What was taken is nil: it must not be kept until the line is empty.
  private var work: [(() -> Void)?] = []
  private var next = 0
  private var threads = 0
  private var idle = 0

  private init() {
    unsafe pthread_mutex_init(mutex, nil)
    // A monotonic clock: the wall clock may be set back by years, and an idle thread would stay for as long.
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  /// Runs the body on a thread of the pool, in its turn. Callable from any thread.
  ///
  /// - Throws: `SystemError` if the pool has no thread and the system starts none; then the body will not run. With
  ///   fewer threads than its limit, the pool is only slower.
  package func submit(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    if idle > 0 {
      unsafe pthread_cond_signal(condition)
    } else if threads < limit {
      do throws(SystemError) {
        try DetachedThread.start(name: "asyncio-blocking") { self.serve() }
        threads += 1
      } catch {
        if threads == 0 { throw error }
      }
    }
    work.append(body)
  }

  private func serve() {
    unsafe pthread_mutex_lock(mutex)
    while true {
      if next < work.count {
        var body = work[next].take()
        next += 1
        if next == work.count {
          work.removeAll(keepingCapacity: true)
          next = 0
        }
        unsafe pthread_mutex_unlock(mutex)
        body?()
        // Released before the mutex is taken: it may own the last reference to anything.
        body = nil
        unsafe pthread_mutex_lock(mutex)
      } else {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_sec += idleSeconds
        idle += 1
        let result = unsafe pthread_cond_timedwait(condition, mutex, &deadline)
        idle -= 1
        if result == ETIMEDOUT && next == work.count { break }
      }
    }
    threads -= 1
    unsafe pthread_mutex_unlock(mutex)
  }
}
