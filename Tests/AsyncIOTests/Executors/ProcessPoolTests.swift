// SPDX-License-Identifier: Apache-2.0
// The workers are this test program, started once more.

import AsyncIOCore
import AsyncIOTesting
import CLinux
import Glibc
import TestSupport
import Testing

@testable import AsyncIO

/// Not private: a worker finds them by name.
enum PoolJobs {
  struct Square: ProcessJob {
    let n: Int
    func run() -> Int { n * n }
  }

  struct Mistake: Error, Codable, Equatable {
    let number: Int
  }

  /// What a test can have a worker do.
  enum Act: ProcessJob {
    case process, group, limitOfMemory, crash, complain(String), leave(Int32), spin, failCodably, fail, interruptItself
    case allocate(Int), openDescriptors, touch(Int)

    /// Set by the initializer.
    nonisolated(unsafe) static var touched = 0  // Of a worker, which has one thread.

    struct Unspeakable: Error {}

    func run() throws -> Int {
      switch self {
      case .process: return Int(getpid())
      case .group: return Int(getpgrp())
      case .limitOfMemory:
        return Act.touched
      case .crash:
        signal(SIGSEGV, SIG_DFL)
        raise(SIGSEGV)
      case .complain(let text):
        write(2, text, text.utf8.count)
        signal(SIGABRT, SIG_DFL)
        abort()
      case .leave(let status): exit(status)
      case .spin: while true { usleep(1000) }
      case .failCodably: throw Mistake(number: 7)
      case .fail: throw Unspeakable()
      case .interruptItself: raise(SIGINT)
      case .allocate(let bytes):
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        return memory == MAP_FAILED ? Int(errno) : 0
      case .openDescriptors: return (0..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 }
      case .touch(let value): Act.touched = value
      }
      return 1
    }
  }

  struct Echo: ProcessJob {
    let bytes: [UInt8]
    func run() -> [UInt8] { bytes }
  }

  struct Blow: ProcessJob {
    let count: Int
    func run() -> [UInt8] { [UInt8](repeating: 1, count: count) }
  }
}

private typealias Square = PoolJobs.Square
private typealias Mistake = PoolJobs.Mistake
private typealias Act = PoolJobs.Act
private typealias Echo = PoolJobs.Echo
private typealias Blow = PoolJobs.Blow

private func reason(_ body: () async throws -> some Sendable) async -> ProcessPoolError.Reason? {
  do {
    _ = try await body()
    Issue.record("there is no error")
  } catch let error as ProcessPoolError {
    return error.reason
  } catch {
    Issue.record("the error is \(error)")
  }
  return nil
}

@Suite("A process pool", .timeLimit(.minutes(2))) struct ProcessPoolTests {
  static let backends = BackendKind.real

  /// Runs the body with a pool, whose workers are gone afterwards.
  private func withPool(
    on backend: BackendKind, _ pool: ProcessPoolExecutor = ProcessPoolExecutor(maxWorkers: 2),
    _ body: @escaping @Sendable (ProcessPoolExecutor) async throws -> Void
  ) async throws {
    try await withEventLoop(backend: backend) {
      try await body(pool)
      await pool.shutdown()
    }
  }

  @Test(arguments: backends + [.virtual])
  func `returns results, in the order of the jobs`(backend: BackendKind) async throws {
    try await withPool(on: backend) { pool in
      let answer1 = try await pool.submit(Square(n: 3))
      #expect(answer1 == 9)
      let answer2 = try await EventLoop.current.runInExecutor(pool, Square(n: 4))
      #expect(answer2 == 16)
      let answer3 = try await pool.map(Square.init, 0..<10)
      #expect(answer3 == (0..<10).map { $0 * $0 })
      let answer4 = try await pool.map(Square.init, 0..<5000, chunkSize: 7)
      #expect(answer4 == (0..<5000).map { $0 * $0 })
      let answer5 = try await pool.map([Square]())
      #expect(answer5 == [])
    }
  }

  @Test(arguments: backends + [.virtual])
  func `brings errors back`(backend: BackendKind) async throws {
    try await withPool(on: backend) { pool in
      await #expect(throws: Mistake(number: 7)) { try await pool.submit(Act.failCodably) }
      await #expect(throws: Mistake(number: 7)) {
        _ = try await pool.map([Act.touch(1), .failCodably, .touch(2)], chunkSize: 3)
      }
      let failed = await reason { try await pool.submit(Act.fail) }
      guard case .failed(let type, let description) = failed else {
        Issue.record("\(failed as Any)")
        return
      }
      #expect(type == "Unspeakable")
      #expect(description == "Unspeakable()")
      let answer6 = try await pool.submit(Square(n: 2))
      #expect(answer6 == 4)
    }
  }

  @Test(arguments: backends)
  func `uses one worker again`(backend: BackendKind) async throws {
    try await withPool(on: backend) { pool in
      let first = try await pool.submit(Act.process)
      #expect(first != Int(getpid()))
      let answer7 = try await pool.submit(Act.process)
      #expect(answer7 == first)
      let answer8 = try await pool.submit(Act.group)
      #expect(answer8 == first)
      // Standard ones, the socket and the lifeline.
      let answer9 = try await pool.submit(Act.openDescriptors)
      #expect(answer9 == 5)
    }
  }

  @Test(arguments: backends)
  func `fails only the call whose worker dies`(backend: BackendKind) async throws {
    try await withPool(on: backend) { pool in
      let spinning = createTask { try await pool.submit(Act.process) }
      let crashed = await reason { try await pool.submit(Act.crash) }
      guard case .workerDied(_, .signaled(let signal), _) = crashed else {
        Issue.record("\(crashed as Any)")
        return
      }
      #expect(signal == Signal(rawValue: SIGSEGV))
      _ = try await spinning.value
      let complained = await reason { try await pool.submit(Act.complain("all is lost\n")) }
      guard case .workerDied(_, _, let output) = complained else {
        Issue.record("\(complained as Any)")
        return
      }
      #expect(output == "all is lost")
      let left = await reason { try await pool.submit(Act.leave(3)) }
      guard case .workerDied(_, let end, _) = left else {
        Issue.record("\(left as Any)")
        return
      }
      #expect(end == .exited(3))
      let answer10 = try await pool.submit(Square(n: 5))
      #expect(answer10 == 25)
    }
  }

  @Test(arguments: backends)
  func `replaces a worker that dies while it has nothing to do`(backend: BackendKind) async throws {
    try await withPool(on: backend, ProcessPoolExecutor(maxWorkers: 1)) { pool in
      let worker = try await pool.submit(Act.process)
      let descriptor = asyncio_open_process(pid_t(worker))
      kill(pid_t(worker), SIGKILL)
      try await waitReadable(descriptor)
      close(descriptor)
      let answer11 = try await pool.submit(Act.process)
      #expect(answer11 != worker)
    }
  }

  @Test(arguments: backends)
  func `serves what stands in line after its shutdown`(backend: BackendKind) async throws {
    let pool = ProcessPoolExecutor(maxWorkers: 1)
    try await withEventLoop(backend: backend) {
      let calls = (0..<5).map { number in createTask { try await pool.submit(Square(n: number)) } }
      while calls.contains(where: { !$0.isDone && $0.waitsFor == nil }) { try await sleep(.zero) }
      await pool.shutdown()
      for (number, call) in calls.enumerated() {
        let answer12 = try await call.value
        #expect(answer12 == number * number)
      }
    }
  }

  @Test
  func `says in words how a worker died`() {
    let error = ProcessPoolError("Square", .workerDied(process: 4711, end: .signaled(.init(rawValue: 9)), output: ""))
    #expect("\(error)" == "Square: its worker 4711 was ended by SIGKILL")
  }

  @Test(arguments: backends)
  func `kills the job of a cancelled caller`(backend: BackendKind) async throws {
    try await withPool(on: backend, ProcessPoolExecutor(maxWorkers: 1)) { pool in
      let worker = try await pool.submit(Act.process)
      let caller = createTask { try await pool.submit(Act.spin) }
      let inLine = createTask { try await pool.submit(Act.process) }
      let cancelledInLine = createTask { try await pool.submit(Act.process) }
      while cancelledInLine.waitsFor == nil { try await sleep(.zero) }
      cancelledInLine.cancel()
      await #expect(throws: CancellationError.self) { try await cancelledInLine.value }
      caller.cancel()
      await #expect(throws: CancellationError.self) { try await caller.value }
      let answer13 = try await inLine.value
      #expect(answer13 != worker)
    }
  }

  @Test(arguments: backends)
  func `limits the time of a job`(backend: BackendKind) async throws {
    let pool = ProcessPoolExecutor(maxWorkers: 1, timeLimit: .milliseconds(20))
    try await withEventLoop(backend: backend) {
      // Starting a worker is not the job's time.
      let error = await #expect(throws: ProcessPoolError.self) { try await pool.submit(Act.spin) }
      #expect("\(error!)" == "Act: it took longer than 0.02 seconds, and was killed")
      await pool.shutdown()
    }
  }

  @Test(arguments: backends)
  func `limits the memory of a worker`(backend: BackendKind) async throws {
    try await withPool(on: backend, ProcessPoolExecutor(maxWorkers: 1, memoryLimit: 64 << 20)) { pool in
      let answer14 = try await pool.submit(Act.allocate(32 << 20))
      #expect(answer14 == 0)
      let answer15 = try await pool.submit(Act.allocate(64 << 20))
      #expect(answer15 == Int(ENOMEM))
    }
  }

  @Test(arguments: backends)
  func `replaces a worker after its jobs`(backend: BackendKind) async throws {
    try await withPool(on: backend, ProcessPoolExecutor(maxWorkers: 1, jobsPerWorker: 2)) { pool in
      var processes: [Int] = []
      for _ in 0..<4 { processes.append(try await pool.submit(Act.process)) }
      #expect(processes[0] == processes[1])
      #expect(processes[2] == processes[3])
      #expect(processes[0] != processes[2])
    }
  }

  @Test(arguments: backends)
  func `runs an initializer in each worker`(backend: BackendKind) async throws {
    try await withPool(on: backend, ProcessPoolExecutor(maxWorkers: 1, initializer: Act.touch(42))) { pool in
      let answer16 = try await pool.submit(Act.limitOfMemory)
      #expect(answer16 == 42)
    }
    try await withPool(on: backend, ProcessPoolExecutor(maxWorkers: 1, initializer: Act.fail)) { pool in
      let failed = await reason { try await pool.submit(Square(n: 1)) }
      guard case .initializerFailed(let words) = failed else {
        Issue.record("\(failed as Any)")
        return
      }
      #expect(words == "Unspeakable()")
    }
  }

  @Test(arguments: backends)
  func `carries megabytes, up to its limit`(backend: BackendKind) async throws {
    try await withPool(on: backend, ProcessPoolExecutor(maxWorkers: 1, messageLimit: 4 << 20)) { pool in
      let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
      let answer17 = try await pool.submit(Echo(bytes: bytes))
      #expect(answer17 == bytes)
      let there = await reason { try await pool.submit(Echo(bytes: bytes + bytes)) }
      guard case .messageTooLong = there else {
        Issue.record("\(there as Any)")
        return
      }
      let back = await reason { try await pool.submit(Blow(count: 5_000_000)) }
      guard case .messageTooLong = back else {
        Issue.record("\(back as Any)")
        return
      }
      let answer18 = try await pool.submit(Square(n: 6))
      #expect(answer18 == 36)
    }
  }

  @Test(arguments: backends)
  func `is not interrupted by Ctrl-C`(backend: BackendKind) async throws {
    try await withPool(on: backend) { pool in
      let survived = try await pool.submit(Act.interruptItself)
      #expect(survived == 1)
    }
  }

  @Test(arguments: backends)
  func `refuses jobs after its shutdown, and leaves no process`(backend: BackendKind) async throws {
    let pool = ProcessPoolExecutor(maxWorkers: 2, name: "squares")
    try await withEventLoop(backend: backend) {
      let worker = try await pool.submit(Act.process)
      await pool.shutdown()
      #expect(kill(pid_t(worker), 0) != 0)
      let error = await #expect(throws: ExecutorError.self) { try await pool.submit(Square(n: 1)) }
      #expect("\(error!)" == "executor \"squares\": it was shut down")
    }
  }

  @Test(arguments: backends)
  func `is used by two loops, one after the other`(backend: BackendKind) async throws {
    let pool = ProcessPoolExecutor(maxWorkers: 1)
    for _ in 0..<2 {
      try await withEventLoop(backend: backend) {
        let answer19 = try await pool.submit(Square(n: 3))
        #expect(answer19 == 9)
      }
    }
  }

  @Test func `refuses a job of a type that a worker would not find`() async throws {
    struct Local: ProcessJob {
      func run() -> Int { 1 }
    }
    try await withVirtualTime {
      let error = await #expect(throws: ProcessPoolError.self) {
        try await ProcessPoolExecutor(maxWorkers: 1).submit(Local())
      }
      #expect("\(error!)" == "Local: the type is private or was declared in a function, where a worker can't find it")
    }
  }
}
