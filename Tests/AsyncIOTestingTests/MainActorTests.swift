// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Dispatch
import Synchronization
import Testing

/// A class like those in README and in introductions to Swift.
@MainActor private final class Model {
  private(set) var naps = 0
  private(set) var backends: Set<BackendKind> = []

  func nap(times: Int) async throws {
    for _ in 0..<times {
      try await Task.sleep(for: .milliseconds(200))
      MainActor.assertIsolated()
      naps += 1
      if let loop = try? EventLoop.running { backends.insert(loop.backendKind) }
    }
  }
}

/// State that one thread at a time may use, and that detects violations.
private final class Exclusive: Sendable {
  private let visitors = Atomic<Int>(0)
  private let collisions = Atomic<Int>(0)

  func visit() {
    if visitors.add(1, ordering: .relaxed).newValue > 1 { collisions.add(1, ordering: .relaxed) }
    for _ in 0..<2000 { _ = visitors.load(ordering: .relaxed) }
    visitors.subtract(1, ordering: .relaxed)
  }

  var collided: Int { collisions.load(ordering: .relaxed) }
}

@Suite(.virtualTime) struct MainActorInVirtualTimeTests {
  @Test func `a class of the main actor sleeps in virtual time`() async throws {
    let start = EventLoop.current.time
    let model = Model()
    try await model.nap(times: 5)
    #expect(start.duration(to: EventLoop.current.time) == .seconds(1))
    #expect(await model.naps == 5)
    #expect(await model.backends == [.virtual])
  }

  @Test func `a time limit of an hour around it does not expire`() async throws {
    let model = Model()
    try await withTimeout(.seconds(3600)) { try await model.nap(times: 5) }
    #expect(await model.naps == 5)
  }

  @Test func `a time limit within it expires in time`() async throws {
    let start = EventLoop.current.time
    let model = Model()
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.milliseconds(700)) { try await model.nap(times: 3600) }
    }
    #expect(start.duration(to: EventLoop.current.time) == .milliseconds(700))
    #expect(await model.naps == 3)
  }

  @Test @MainActor func `a test of the main actor is in virtual time`() async throws {
    MainActor.assertIsolated()
    let start = EventLoop.current.time
    #expect(EventLoop.current.backendKind == .virtual)
    try await Task.sleep(for: .seconds(3600))
    try await sleep(.seconds(3600))
    MainActor.assertIsolated()
    #expect(start.duration(to: EventLoop.current.time) == .seconds(7200))
  }

  @Test @MainActor func `a synchronous test of the main actor is on the loop`() throws {
    #expect(try EventLoop.running.backendKind == .virtual)
  }

  @Test @MainActor func `what a test of the main actor starts shares its state`() async throws {
    var log: [String] = []
    let task = Task {
      try await sleep(.seconds(2))
      log.append("task")
    }
    let handle = createTask {
      try await sleep(.seconds(1))
      log.append("createTask")
    }
    EventLoop.current.callLater(.seconds(3)) {
      MainActor.assumeIsolated { log.append("callback") }
    }
    try await Task.detached { try await sleep(.seconds(4)) }.value
    try await task.value
    try await handle.value
    #expect(log == ["createTask", "task", "callback"])
  }

  @Test @MainActor func `a server of the main actor counts its connections`() async throws {
    var count = 0
    let server = try await startServer(host: "localhost", port: 0) { reader, writer in
      count += 1
      try await writer.write(try await reader.readToEnd())
    }
    for _ in 0..<3 {
      let (reader, writer) = try await openConnection(host: "localhost", port: server.port)
      try await writer.write("hello")
      try await writer.writeEOF()
      #expect(try await reader.readToEnd() == Array("hello".utf8))
    }
    server.close()
    #expect(count == 3)
  }

  @Test @MainActor func `a task that another thread resumes goes on in virtual time`() async throws {
    let start = EventLoop.current.time
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume() }
    }
    MainActor.assertIsolated()
    try await Task.sleep(for: .seconds(3600))
    #expect(start.duration(to: EventLoop.current.time) == .seconds(3600))
  }

  @Test func `a task without an actor that another thread resumes does too`() async throws {
    let start = EventLoop.current.time
    let backend = try await Task.detached {
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume() }
      }
      try await Task.sleep(for: .seconds(3600))
      return try EventLoop.running.backendKind
    }.value
    #expect(backend == .virtual)
    #expect(start.duration(to: EventLoop.current.time) == .seconds(3600))
  }

  @Test func `run moves to the main actor on the loop`() async throws {
    let backend = try await MainActor.run { try EventLoop.running.backendKind }
    #expect(backend == .virtual)
  }
}

@Suite(.eventLoop) struct MainActorOnALoopTests {
  @Test func `a class of the main actor is on the loop`() async throws {
    let model = Model()
    let backend = try EventLoop.running.backendKind
    try await model.nap(times: 1)
    #expect(await model.backends == [backend])
  }

  @Test @MainActor func `a test of the main actor reads and writes`() async throws {
    var count = 0
    let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
      count += 1
      try await writer.write(try await reader.readToEnd())
    }
    let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
    try await writer.write("hello")
    try await writer.writeEOF()
    #expect(try await reader.readToEnd() == Array("hello".utf8))
    #expect(try EventLoop.running.backendKind == server.loopBackend)
    server.close()
    #expect(count == 1)
  }
}

extension Server {
  /// The backend of the loop that this test runs on, which is the server's.
  fileprivate var loopBackend: BackendKind { EventLoop.current.backendKind }
}

struct MainActorTurnTests {
  @Test func `runs and the main thread take turns on the main actor`() async throws {
    let exclusive = Exclusive()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<8 {
        group.addTask {
          let body: @Sendable @MainActor () async throws -> Void = {
            for _ in 0..<50 {
              exclusive.visit()
              if index % 2 == 0 { await Task.yield() } else { try await sleep(.microseconds(100)) }
            }
          }
          switch index % 4 {
          case 0: try await body()
          case 1: try await withEventLoop(backend: .epoll) { try await body() }
          default: try await withVirtualTime(seed: 1) { try await body() }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(exclusive.collided == 0)
  }

  @Test func `a virtual run keeps its turn until its end`() async throws {
    let log = Log<Int>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for run in 0..<4 {
        group.addTask {
          try await withVirtualTime(seed: 1) { @MainActor in
            for _ in 0..<20 {
              log.append(run)
              try await sleep(.seconds(60))
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let changes = zip(log.entries, log.entries.dropFirst()).count { $0 != $1 }
    #expect(log.entries.count == 80)
    #expect(changes == 3)
  }

  @Test func `a run within a run of the main actor has it too`() async throws {
    let times = try await withVirtualTime { @MainActor in
      try await sleep(.seconds(1))
      let inner = try await withVirtualTime { @MainActor in
        try await sleep(.seconds(5))
        return EventLoop.current.time
      }
      MainActor.assertIsolated()
      return (inner, EventLoop.current.time)
    }
    #expect("\(times.0)" == "5.0 seconds")
    #expect("\(times.1)" == "1.0 seconds")
  }

  @Test func `runs that wait for each other on the main actor meet`() async throws {
    let first = AsyncStream<Void>.makeStream()
    let second = AsyncStream<Void>.makeStream()
    async let one: Void = withVirtualTime { @MainActor in
      first.continuation.yield()
      for await _ in second.stream { break }
    }
    async let other: Void = withVirtualTime { @MainActor in
      for await _ in first.stream { break }
      second.continuation.yield()
    }
    _ = try await (one, other)
  }

  @Test @MainActor func `the main actor outside of runs stays on its thread`() async throws {
    #expect(throws: EventLoopError.noRunningLoop) { try EventLoop.running }
    let inside = try await withVirtualTime { @MainActor in EventLoop.current.backendKind }
    #expect(inside == .virtual)
    MainActor.assertIsolated()
    #expect(throws: EventLoopError.noRunningLoop) { try EventLoop.running }
    try await Task.sleep(for: .milliseconds(1))
    MainActor.assertIsolated()
    #expect(throws: EventLoopError.noRunningLoop) { try EventLoop.running }
  }

  @Test func `the main actor's code of another thread's task stays on the main thread`() async throws {
    let backend = try await withVirtualTime {
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
          Task { @MainActor in continuation.resume(returning: try? EventLoop.running.backendKind) }
        }
      }
    }
    #expect(backend == nil)
  }
}
