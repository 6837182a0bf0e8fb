// SPDX-License-Identifier: Apache-2.0
// The behaviour of a whole program's tasks, and the reports of the debug mode.

import AsyncIO
import Dispatch
import Glibc

extension RunScenarios {
  /// The body is a task too.
  static func mainTask() throws {
    try EventLoop.run {
      say(currentTask?.name ?? "none")
      createTask(name: "other") { try await sleep(.seconds(3600)) }
      say(allTasks.map(\.name).joined(separator: " "))
    }
  }

  /// Remaining tasks are cancelled, with the reason; a shielded body runs to its end.
  static func loopEnded() throws {
    try EventLoop.run {
      createTask {
        do { try await sleep(.seconds(3600)) } catch { say(currentCancelReason?.description ?? "no reason") }
        try await shield {
          try await sleep(.milliseconds(10))
          try await withTimeout(.seconds(5)) { try await sleep(.milliseconds(10)) }
        }
        say("cleaned up")
      }
      try await sleep(.zero)
    }
    say("run returned")
  }

  /// Ctrl-C from the body's point of view.
  static func interruptReason() throws {
    try EventLoop.run(onInterrupt: .throwError) {
      createTask {
        try await sleep(.milliseconds(1))
        kill(getpid(), SIGINT)
      }
      do { try await sleep(.seconds(3600)) } catch {
        say(currentCancelReason?.description ?? "no reason")
        throw error
      }
    }
  }

  /// The reports of the debug mode.
  static func debug() throws {
    try EventLoop.run(debug: true) {
      _ = try await resolve("localhost", port: 80)
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, _ in
        _ = try await reader.readToEnd()
      }
      do { _ = try await openConnection(host: "127.0.0.1", port: server.port) }
      usleep(300_000)
      try await sleep(.milliseconds(10))
    }
  }

  /// The main actor belongs to the main loop, even among several loops, and is there for the clean-up of their tasks.
  static func mainActorOfSeveralLoops() throws {
    try EventLoop.run(loops: .count(2)) {
      let mainLoop = EventLoop.current
      let handler: ConnectionHandler = { _, writer in
        let place = EventLoop.current === mainLoop ? "main loop" : "next loop"
        try await writer.write(place)
        do { try await sleep(.seconds(3600)) } catch {
          await MainActor.run { say("cleans up for \(place): \(EventLoop.current === mainLoop)") }
          say("cleaned up on \(place)")
        }
      }
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: handler)
      // The kernel spreads the connections.
      var connections: [String: StreamReader] = [:]
      for _ in 0..<1000 where connections.count < 2 {
        let (reader, _) = try await openConnection(host: "127.0.0.1", port: server.port)
        let place = String(decoding: try await reader.readExactly("main loop".utf8.count), as: UTF8.self)
        connections[place] = reader
      }
    }
    say("run returned")
  }

  /// A callback runs on the main actor's thread, and may assume its isolation.
  static func callbacksOfTheMainActor() throws {
    try EventLoop.run {
      let loop = EventLoop.current
      let called = Future<Void>()
      let future = Future<Int>()
      future.addDoneCallback { _ in MainActor.assumeIsolated { say("done callback") } }
      future.setResult(1)
      loop.callSoon { MainActor.assumeIsolated { say("callSoon") } }
      loop.callLater(.milliseconds(1)) {
        MainActor.assumeIsolated { say("callLater") }
        called.setResult(())
      }
      try await called.value
    }
  }

  /// The shared loop of code outside of a run doesn't take the main actor away from the next run.
  static func sharedLoopBetweenRuns() throws {
    for number in 1...3 {
      try EventLoop.run {
        // In the order of the loop's run queue, which a job in libdispatch's main queue is not part of.
        let job = Task { say("run \(number): a job") }
        EventLoop.current.callSoon { say("run \(number): a callback") }
        await job.value
        try await sleep(.zero)
      }
      _ = Future<Void>()
    }
  }

  /// The run waits for a task on its actor's own executor.
  static func cleanUpElsewhere() throws {
    let start = ContinuousClock.now
    try EventLoop.run {
      let isWaiting = Future<Void>()
      await Elsewhere().begin(isWaiting)
      try await isWaiting.value
    }
    say("run returned \(start.duration(to: .now) < .seconds(5) ? "in time" : "late")")
  }
}

private actor Elsewhere {
  private let executor = QueueExecutor()

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private var hasCleanedUp = false

  func begin(_ isWaiting: Future<Void>) {
    createTask {
      isWaiting.setResult(())
      do { try await sleep(.seconds(3600)) } catch {
        self.hasCleanedUp = true
        usleep(20_000)
        RunScenarios.say("cleaned up")
      }
    }
  }
}

private final class QueueExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "elsewhere")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}

extension RunScenarios {
  /// An eager task of the main actor runs within the callback that starts it.
  static func eagerInCallbacks() throws {
    try EventLoop.run {
      let loop = EventLoop.current
      let start: @MainActor @Sendable (String) -> Void = { name in
        createTask(eagerStart: true) {
          say("\(name): eager")
          try await sleep(.zero)
          say("\(name): eager goes on")
        }
        say("\(name): creator")
      }
      loop.callSoon { start("callSoon") }
      try await sleep(.milliseconds(1))
      loop.callLater(.milliseconds(1)) { start("callLater") }
      try await sleep(.milliseconds(10))
      let future = Future<Int>()
      future.addDoneCallback { _ in MainActor.assumeIsolated { start("addDoneCallback") } }
      future.setResult(1)
      try await sleep(.milliseconds(1))
      var pipe: [Int32] = [0, 0]
      guard Glibc.pipe(&pipe) == 0 else { return say("no pipe") }
      let read = pipe[0]
      try loop.addReader(read) {
        loop.removeReader(read)
        start("addReader")
      }
      close(pipe[1])
      try await sleep(.milliseconds(10))
      close(read)
      let server = try await loop.createServer(host: "127.0.0.1", port: 0) { EagerProtocol { start($0) } }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("hello")
      try await client.close()
      try await sleep(.milliseconds(10))
      server.close()
    }
  }
}

/// Starts tasks in its callbacks.
private final class EagerProtocol: StreamProtocol {
  private let start: @MainActor (String) -> Void

  init(_ start: @escaping @MainActor (String) -> Void) { self.start = start }

  func connectionMade(_ transport: Transport) {
    let start = start
    MainActor.assumeIsolated { start("connectionMade") }
  }
  func dataReceived(_ data: Span<UInt8>) {
    let start = start
    MainActor.assumeIsolated { start("dataReceived") }
  }
}
