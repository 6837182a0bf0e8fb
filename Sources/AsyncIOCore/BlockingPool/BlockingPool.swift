// SPDX-License-Identifier: Apache-2.0
// Threads for calls that block: name look-ups today. Started on demand, at most `limit`, and ended after a while
// without work. The library's own waits never block one of these: what runs here is foreign code that cannot wait any
// other way.
//
// One mutex and one condition variable guard the queue; workers touch nothing of a loop but its inbox.

import CLinux
import Glibc
import Synchronization

@safe package final class BlockingPool: @unchecked Sendable {
  // Safe: the one instance is never released, and neither are the mutex and the condition it owns.
  // Sendable: everything mutable is touched only with `mutex` held.

  package static let shared = BlockingPool()

  /// As asyncio's default executor has it: `min(32, cores + 4)`.
  private let limit = min(32, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) + 4)
  private let idleSeconds = 10

  private let mutex: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  private let condition: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
  private var work: [() -> Void] = []
  private var next = 0
  private var threads = 0
  private var idle = 0

  private init() {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  /// Runs the body on a thread of the pool, in its turn. From any thread.
  package func submit(_ body: @escaping @Sendable () -> Void) {
    unsafe pthread_mutex_lock(mutex)
    work.append(body)
    if idle > 0 {
      unsafe pthread_cond_signal(condition)
    } else if threads < limit {
      threads += 1
      startThread(name: "asyncio-blocking") { self.serve() }
    }
    unsafe pthread_mutex_unlock(mutex)
  }

  private func serve() {
    unsafe pthread_mutex_lock(mutex)
    while true {
      if next < work.count {
        let body = work[next]
        next += 1
        if next == work.count {
          work.removeAll(keepingCapacity: true)
          next = 0
        }
        unsafe pthread_mutex_unlock(mutex)
        body()
        unsafe pthread_mutex_lock(mutex)
      } else {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &deadline)
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

/// Starts a detached thread.
package func startThread(name: String, _ body: @escaping @Sendable () -> Void) {
  final class Box {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
  var thread = pthread_t()
  let box = unsafe Unmanaged.passRetained(Box(name: name, body: body)).toOpaque()
  let result = unsafe pthread_create(
    &thread, nil,
    { argument in
      let box = unsafe Unmanaged<Box>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue()
      unsafe asyncio_set_thread_name(box.name)
      box.body()
      return nil
    }, box)
  require(result == 0, "no thread could be started (errno \(result))")
  pthread_detach(thread)
}
