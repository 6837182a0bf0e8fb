// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import ThreadBacktraces

@inline(never) func spinUntilTold(_ stop: Flag) -> Int {
  var turns = 0
  while !stop.isRaised { turns &+= 1 }
  return turns
}

@inline(never) func callTheSpinner(_ stop: Flag) -> Int { spinUntilTold(stop) &+ 1 }

@inline(never) func readOneByte(_ descriptor: Int32) -> (count: Int, errno: Int32) {
  var byte: UInt8 = 0
  let count = read(descriptor, &byte, 1)
  return (count, errno)
}

@inline(never) func waitForTheLock(_ mutex: borrowing Mutex<Int>) -> Int { mutex.withLock { $0 + 1 } }

/// Using the result keeps the optimizer from making this a loop.
@inline(never) func recurse(_ depth: Int, _ stop: Flag) -> Int {
  if depth == 0 { return spinUntilTold(stop) &+ 1 }
  let below = recurse(depth - 1, stop)
  return below &* below &+ depth
}

@inline(never) func captureMyself() -> ThreadBacktrace? {
  var trace = ThreadBacktrace.capture(threadID: ThreadBacktrace.currentThreadID)
  trace?.frames.removeAll { $0.symbol == nil }
  return trace
}

@inline(never) func spinInATask(_ stop: Flag, _ thread: Signal<pid_t>) async -> Int {
  await Task.yield()
  thread.send(ThreadBacktrace.currentThreadID)
  let turns = spinUntilTold(stop)
  await Task.yield()
  return turns
}

@inline(never) func awaitTheSpinner(_ stop: Flag, _ thread: Signal<pid_t>) async -> Int {
  let turns = await spinInATask(stop, thread)
  return turns &+ 1
}

@inline(never) func awaitTheAwaiter(_ stop: Flag, _ thread: Signal<pid_t>) async -> Int {
  let turns = await awaitTheSpinner(stop, thread)
  return turns &+ 1
}

extension ThreadBacktrace {
  /// The thread's backtrace once it has arrived in `function`, or nil if it does not answer.
  static func capture(threadID: pid_t, arrivedIn function: String, limit: Int = 64) -> ThreadBacktrace? {
    while let trace = capture(threadID: threadID, limit: limit, timeout: .seconds(60)) {
      if trace.firstIndex(of: function) != nil { return trace }
    }
    return nil
  }

  func firstIndex(of function: String) -> Int? {
    frames.firstIndex { $0.symbol?.contains(".\(function)(") == true }
  }
}

final class SharedLock: Sendable {
  let mutex = Mutex(0)
}

@Suite struct ThreadBacktraceTests {
  @Test func `a thread that spins in a Swift function is reported with it and its caller`() throws {
    let stop = Flag()
    let thread = TestThread { _ = callTheSpinner(stop) }
    defer { thread.join() }
    defer { stop.raise() }
    let trace = ThreadBacktrace.capture(threadID: thread.id, arrivedIn: "spinUntilTold")
    let spinner = try #require(trace?.firstIndex(of: "spinUntilTold"))
    let caller = try #require(trace?.firstIndex(of: "callTheSpinner"))
    #expect(caller == spinner + 1)
    #expect(trace?.threadID == thread.id)
    #expect(trace?.frames[spinner].image != nil)
    let text = try #require(trace?.description)
    #expect(text.contains("spinUntilTold(Flag) + ") || text.contains("spinUntilTold(ThreadBacktracesTests.Flag) + "))
    #expect(!text.contains("libc.so"))
  }

  @Test func `a thread blocked in read is reported with its Swift caller and its read goes on`() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (readEnd, writeEnd) = (ends[0], ends[1])
    defer { close(readEnd) }
    defer { close(writeEnd) }
    let result = Signal<(count: Int, errno: Int32)>()
    let thread = TestThread { result.send(readOneByte(readEnd)) }
    thread.waitUntilBlocked()
    let trace = ThreadBacktrace.capture(threadID: thread.id)
    let again = ThreadBacktrace.capture(threadID: thread.id)
    #expect(write(writeEnd, "x", 1) == 1)
    thread.join()
    #expect(result.wait().count == 1)
    let first = try #require(trace)
    #expect(first.firstIndex(of: "readOneByte") != nil, "\(first.debugDescription)")
    #expect(first.frames[0].image?.hasPrefix("libc.so") == true, "\(first.debugDescription)")
    #expect(first.essentialFrames.contains { $0.image?.hasPrefix("libc.so") == true })
    #expect(again?.frames.map(\.address) == first.frames.map(\.address))
  }

  @Test func `a thread that waits for a lock is reported with who wants the lock`() throws {
    let lock = SharedLock()
    var trace: ThreadBacktrace?
    let thread = lock.mutex.withLock { _ in
      let thread = TestThread { _ = waitForTheLock(lock.mutex) }
      thread.waitUntilBlocked()
      trace = ThreadBacktrace.capture(threadID: thread.id)
      return thread
    }
    thread.join()
    #expect(try #require(trace).firstIndex(of: "waitForTheLock") != nil, "\(trace!.debugDescription)")
  }

  @Test func `a thread asleep in libc is reported with who called it and is not woken`() throws {
    let stop = Flag()
    let shortest = Signal<Duration>()
    let thread = TestThread { shortest.send(sleepUntilTold(stop)) }
    thread.waitUntilBlocked()
    let traces = (0..<20).map { _ in ThreadBacktrace.capture(threadID: thread.id, timeout: .seconds(60)) }
    stop.raise()
    thread.join()
    #expect(shortest.wait() >= .milliseconds(20))
    for trace in traces {
      #expect(try #require(trace).firstIndex(of: "sleepUntilTold") != nil, "\(trace!.debugDescription)")
    }
  }

  @Test func `a thread that has exited has no backtrace`() {
    let thread = TestThread {}
    thread.join()
    #expect(ThreadBacktrace.capture(threadID: thread.id) == nil)
  }

  @Test func `the calling thread can ask for its own backtrace`() throws {
    let trace = try #require(captureMyself())
    #expect(trace.firstIndex(of: "captureMyself") != nil, "\(trace.debugDescription)")
  }

  @Test func `captures from many threads take turns`() {
    let stop = Flag()
    let spinner = TestThread { _ = callTheSpinner(stop) }
    let lock = SharedLock()
    let askers = (0..<8).map { _ in
      TestThread {
        for _ in 0..<10 {
          let trace = ThreadBacktrace.capture(threadID: spinner.id, timeout: .seconds(60))
          if trace?.frames.isEmpty == false { lock.mutex.withLock { $0 += 1 } }
        }
      }
    }
    for asker in askers { asker.join() }
    stop.raise()
    spinner.join()
    #expect(lock.mutex.withLock { $0 } == 80)
  }

  @Test func `an answer that comes late does not disturb the next capture`() throws {
    let blocked = Flag()
    let unblock = Flag()
    let unblocked = Flag()
    let stop = Flag()
    let late = TestThread {
      var all = sigset_t()
      var before = sigset_t()
      sigfillset(&all)  // SIGPROF included
      pthread_sigmask(SIG_SETMASK, &all, &before)
      blocked.raise()
      while !unblock.isRaised {}
      pthread_sigmask(SIG_SETMASK, &before, nil)
      unblocked.raise()
      _ = recurse(5, stop)
    }
    let other = TestThread { _ = callTheSpinner(stop) }
    while !blocked.isRaised { sched_yield() }
    #expect(ThreadBacktrace.capture(threadID: late.id, timeout: .zero) == nil)
    let during = ThreadBacktrace.capture(threadID: other.id, timeout: .seconds(60))
    unblock.raise()
    while !unblocked.isRaised { sched_yield() }
    let after = ThreadBacktrace.capture(threadID: other.id, timeout: .seconds(60))
    let answered = ThreadBacktrace.capture(threadID: late.id, timeout: .seconds(60))
    stop.raise()
    late.join()
    other.join()
    #expect(try #require(during).firstIndex(of: "recurse") == nil)
    #expect(try #require(after).firstIndex(of: "recurse") == nil)
    #expect(answered != nil)
  }

  @Test func `a trace has no more frames than its limit`() throws {
    let stop = Flag()
    let thread = TestThread { _ = recurse(100, stop) }
    let trace = ThreadBacktrace.capture(threadID: thread.id, arrivedIn: "spinUntilTold", limit: 10)
    let whole = ThreadBacktrace.capture(threadID: thread.id, limit: 1000, timeout: .seconds(60))
    stop.raise()
    thread.join()
    #expect(trace?.frames.count == 10)
    #expect(try #require(whole).frames.count { $0.symbol?.contains(".recurse(") == true } == 101)
  }

  @Test func `a thread that runs a task is reported with the async functions`() throws {
    let stop = Flag()
    let finished = Flag()
    let thread = Signal<pid_t>()
    Task(executorPreference: ThreadPerJobExecutor()) {
      _ = await awaitTheAwaiter(stop, thread)
      finished.raise()
    }
    let id = thread.wait()
    let trace = ThreadBacktrace.capture(threadID: id, arrivedIn: "spinUntilTold")
    stop.raise()
    while !finished.isRaised { sched_yield() }
    let captured = try #require(trace)
    let running = try #require(captured.firstIndex(of: "spinInATask"), "\(captured.debugDescription)")
    #expect(captured.frames[running].kind == .call)
    let awaiting = captured.frames.filter { $0.kind == .async }.compactMap(\.symbol)
    try #require(awaiting.count >= 2, "\(captured.debugDescription)")
    #expect(awaiting[0].contains(".awaitTheSpinner("))
    #expect(awaiting[1].contains(".awaitTheAwaiter("))
    #expect(captured.essentialFrames.last?.kind == .async, "\(captured)")
    #expect(captured.description.contains(" async "))
  }
}

@inline(never) func sleepUntilTold(_ stop: Flag) -> Duration {
  var shortest = Duration.seconds(3600)
  while !stop.isRaised {
    let began = ContinuousClock.now
    if usleep(20_000) != 0 { return .zero }
    shortest = min(shortest, ContinuousClock.now - began)
  }
  return shortest
}
