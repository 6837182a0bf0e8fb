// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import ThreadBacktraces

/// A thread of the test's own: the cooperative pool may have a single thread, which runs the test.
final class TestThread: Sendable {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let handle: pthread_t
  let id: pid_t

  /// Starts the thread and waits until it runs.
  init(_ body: @escaping @Sendable () -> Void) {
    let started = Signal<pid_t>()
    let retained = Unmanaged.passRetained(
      Body {
        started.send(ThreadBacktrace.currentThreadID)
        body()
      })
    var handle = pthread_t()
    let result = pthread_create(
      &handle, nil,
      { argument in
        Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, retained.toOpaque())
    precondition(result == 0, "pthread_create: error \(result)")
    self.handle = handle
    id = started.wait()
  }

  func join() { pthread_join(handle, nil) }

  /// Waits until the kernel has put the thread to sleep in the expected system call.
  func waitUntilBlocked() {
    while true {
      // "id (name) state ...": the name may have spaces, so the last ")" ends it.
      let status = contents(of: "/proc/self/task/\(id)/stat")
      if status.split(separator: ")").last?.hasPrefix(" S") == true { return }
      sched_yield()
    }
  }

  private func contents(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    precondition(file >= 0, "open \(path): errno \(errno)")
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = read(file, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
  }
}

/// A value handed from one thread to another, once.
final class Signal<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)

  func send(_ new: Value) { value.withLock { $0 = new } }

  func wait() -> Value {
    while true {
      if let sent = value.withLock({ $0 }) { return sent }
      sched_yield()
    }
  }
}

/// The condition that a stuck function polls.
final class Flag: Sendable {
  private let raised = Atomic(false)
  var isRaised: Bool { raised.load(ordering: .acquiring) }
  func raise() { raised.store(true, ordering: .releasing) }
}

/// Runs each job on a thread of its own.
final class ThreadPerJobExecutor: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    _ = TestThread { unowned.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
