// SPDX-License-Identifier: Apache-2.0
// A process that can't start threads. The limit on a user's processes does not apply to root, who runs tests in a
// container. The limit on memory does: a new thread's stack needs more than is left.

import AsyncIO
import Dispatch
import Glibc
import Synchronization

extension RunScenarios {
  static var threadScenarios: [String: () throws -> Void] {
    [
      "no-thread": noThread, "no-thread-for-loops": noThreadForLoops,
      "no-thread-for-the-shared-loop": noThreadForTheSharedLoop, "stalls": stalls,
      "no-thread-for-functions": noThreadForFunctions, "orphan-worker": orphanWorker, "worker-of-main": workerOfMain,
    ]
  }

  /// Calls that need a thread fail; others work; and all work again once threads can be started.
  static func noThread() throws {
    try EventLoop.run {
      EventLoop.current.setExceptionHandler { _, context in say("\(context)") }
      let (one, other) = try await ByteStream.pair()
      setThreads(areThere: false)
      do { say("\(try await resolve("name.example", port: 1, using: .system))") } catch { say("\(error)") }
      do { say("\(try await one.writer.sendFile("/etc/passwd"))") } catch { say("\(error)") }
      let watchdog = EventLoop.current.watchStalls()
      try await sleep(.milliseconds(1))
      say("\(watchdog.startError.map { "\($0)" } ?? "watched")")
      watchdog.stop()
      try await one.write("still here\n")
      say(try await other.readLine() ?? "nothing")
      setThreads(areThere: true)
      say(try await one.writer.sendFile("/etc/passwd") > 0 ? "sent" : "not sent")
      one.abort()
      other.abort()
    }
  }

  /// Functions that need a thread fail, and work once threads can be started.
  static func noThreadForFunctions() throws {
    try EventLoop.run {
      setThreads(areThere: false)
      do { say("\(try await toThread { 42 })") } catch { say("\(error)") }
      let pool = ThreadPoolExecutor(maxWorkers: 1, name: "pool")
      do { say("\(try await pool.submit { 42 }.value)") } catch { say("\(error)") }
      setThreads(areThere: true)
      say("\(try await toThread { 42 })")
      say("\(try await pool.submit { 42 }.value)")
    }
  }

  /// A worker computes, and this program is killed.
  static func orphanWorker() throws {
    try EventLoop.run {
      let pool = ProcessPoolExecutor(maxWorkers: 1)
      try await pool.submit(Forever())
    }
  }

  struct Forever: ProcessJob {
    func run() -> Int {
      RunScenarios.say("computes")
      while true {}
    }
  }

  /// A worker does not come to `main`, which prints a line here.
  static func workerOfMain() throws {
    say("main")
    try EventLoop.run {
      let pool = ProcessPoolExecutor(maxWorkers: 2)
      say("\(try await pool.map(Doubled.init, 0..<3, chunkSize: 1))")
    }
  }

  struct Doubled: ProcessJob {
    let n: Int
    func run() -> Int { 2 * n }
  }

  /// Stalls in every kind of task, each until it is reported, and before the task has ever waited.
  static func stalls() throws {
    try EventLoop.run(debug: true) {
      stallUntilReported("main body")
      try await createTask(name: "by name") { stallUntilReported("createTask") }.value
      try await createTask { stallUntilReported("createTask without a name") }.value
      try await createTask(name: "eager", eagerStart: true) { stallUntilReported("eager") }.value
      stallUntilReported("after an eager one")
      try await createTask(name: "limited") {
        try await withTimeout(.seconds(60)) { stallUntilReported("time limit") }
      }.value
      try await withTaskScope { scope in
        scope.createTask(name: "in scope") { stallUntilReported("scope") }
      }
      await Task(name: "of Swift") { stallUntilReported("Task") }.value
      await Task(name: "at once") { await Task.immediate(name: "immediate") { stallUntilReported("immediate") }.value }
        .value
      await Task { stallUntilReported("Task without a name") }.value
      try await createTask(name: "caller") { await Stalling().stall() }.value
      await Task.detached(name: "detached") { stallUntilReported("detached") }.value
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in
        stallUntilReported("handler")
        try await writer.write("done")
      }
      let connection = try await openConnection(host: "127.0.0.1", port: server.port)
      _ = try await connection.reader.readToEnd()
      server.close()
      let called = Event()
      EventLoop.current.callSoon {
        stallUntilReported("callback")
        called.set()
      }
      try await called.wait()
    }
  }

  static func noThreadForLoops() throws {
    setThreads(areThere: false)
    do { try EventLoop.run(loops: .count(3)) { say("ran") } } catch { say("\(error)") }
    setThreads(areThere: true)
    try EventLoop.run(loops: .count(3)) { say("ran") }
  }

  static func noThreadForTheSharedLoop() throws {
    let ended = DispatchSemaphore(value: 0)
    Task.detached {
      setThreads(areThere: false)
      do { try await sleep(.milliseconds(1)) } catch { say("\(error)") }
      do { say("\(try await resolve("127.0.0.1", port: 1))") } catch { say("\(error)") }
      do { try await withTimeout(.seconds(1)) { say("within") } } catch { say("\(error)") }
      setThreads(areThere: true)
      do {
        try await sleep(.milliseconds(1))
        say("slept")
      } catch { say("\(error)") }
      ended.signal()
    }
    ended.wait()
  }

  /// Leaves the process room for everything but another stack, which has 8 MiB unless `ulimit -s` says otherwise.
  private static func setThreads(areThere: Bool) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    limit.rlim_cur = areThere ? limit.rlim_max : rlim_t(addressSpace() + 1024 * 1024)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }

  /// In bytes; proc_pid_statm(5).
  private static func addressSpace() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let pages = line.prefix { $0 != 0x20 }.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }
}

extension RunScenarios {
  /// Blocks the thread until the stall is reported, in sleeps that must not be cut short. Each stall has its own
  /// watchdog: a second report of one may come after the next has begun.
  @inline(never) nonisolated fileprivate static func stallUntilReported(_ place: String) {
    let isReported = DispatchSemaphore(value: 0)
    let reports = Reports()
    say("\(place):")
    let watchdog = EventLoop.current.watchStalls(limit: .milliseconds(5)) { report in
      guard reports.isFirst() else { return }
      let lines = report.description.split(separator: "\n")
      say("\(report.taskName ?? "no name"), \(lines.count <= 10 ? "short" : "long:\n\(report)")")
      isReported.signal()
    }
    while isReported.wait(timeout: .now()) != .success {
      if usleep(1000) != 0 { say("usleep was cut short") }
    }
    watchdog.stop()
  }

  private final class Reports: Sendable {
    private let count = Atomic(0)
    func isFirst() -> Bool { count.add(1, ordering: .relaxed).newValue == 1 }
  }

  private actor Stalling {
    func stall() { stallUntilReported("actor") }
  }
}
