// SPDX-License-Identifier: Apache-2.0
// Scenarios that need a whole process: `EventLoop.run` takes over a process's executors for good, so each is a run of
// this program. Its test reads the output and the exit status.

import AsyncIO
import Dispatch
import Glibc

struct ScenarioError: Error {}

@main struct RunScenarios {
  static var scenarios: [String: () throws -> Void] {
    [
      "returns": returns, "throws": throwsError, "leftovers": leftovers, "nested": nested, "twice": twice,
      "called-from-task": calledFromTask, "off-main-thread": offMainThread, "interrupt": interrupt,
      "interrupt-ignored": interruptIgnored, "interrupt-plain": interruptPlain, "stop": stop, "one-thread": oneThread,
      "dispatch": dispatch,
      "foreign-threads": foreignThreads, "several-loops": severalLoops, "unhandled": unhandled,
      "late-main-actor": lateMainActor, "descriptors": descriptors,
      "main-task": mainTask, "loop-ended": loopEnded, "interrupt-reason": interruptReason, "debug": debug,
      "main-actor-of-several-loops": mainActorOfSeveralLoops, "callbacks-of-the-main-actor": callbacksOfTheMainActor,
      "shared-loop-between-runs": sharedLoopBetweenRuns,
      "clean-up-elsewhere": cleanUpElsewhere, "eager-in-callbacks": eagerInCallbacks,
      "standard-streams": standardStreams, "last-words": lastWords,
      "name-descriptors": nameDescriptors,
      "main-fails": mainFails, "main-fails-unnamed": mainFailsUnnamed, "main-returns": mainReturns,
      "main-of-loops-fails": mainOfLoopsFails, "main-stops": mainStops,
    ]
  }

  static func main() {
    let name = CommandLine.arguments.dropFirst().first ?? ""
    let all = [
      scenarios, serverScenarios, faultScenarios, fileScenarios, signalScenarios, spreadScenarios, threadScenarios,
      processScenarios,
    ]
    guard let scenario = all.lazy.compactMap({ $0[name] }).first else {
      say("no scenario \(name)")
      exit(64)
    }
    do { try scenario() } catch EventLoopError.interrupted {
      say("interrupted")
      exit(130)
    } catch {
      say("error: \(error)")
      exit(1)
    }
  }

  /// Prints a line on standard output, at once.
  static func say(_ line: String) {
    var line = line + "\n"
    line.withUTF8 { _ = write(1, $0.baseAddress, $0.count) }
  }

  static func returns() throws {
    let value = try EventLoop.run {
      try await sleep(.milliseconds(1))
      return 42
    }
    say("returned \(value)")
  }

  static func throwsError() throws {
    try EventLoop.run {
      try await sleep(.milliseconds(1))
      throw ScenarioError()
    }
  }

  /// Tasks that remain when the body returns are cancelled, and clean up.
  static func leftovers() throws {
    try EventLoop.run {
      for name in ["a", "b"] {
        Task {
          do { try await sleep(.seconds(3600)) } catch {
            say("\(name) cancelled")
            // Clean-up may wait for work that is not cancelled with the task.
            await Task { try? await sleep(.milliseconds(1)) }.value
            say("\(name) cleaned up")
          }
        }
      }
      Task {
        do { try await Task.sleep(for: .seconds(3600)) } catch { say("sleeper cancelled") }
      }
      try await sleep(.milliseconds(1))
      say("body done")
    }
    say("run returned")
  }

  static func nested() throws {
    try EventLoop.run {
      do {
        try EventLoop.run { say("inner") }
      } catch {
        say("\(error)")
      }
    }
  }

  static func twice() throws {
    let first = try EventLoop.run { ObjectIdentifier(EventLoop.current) }
    // A job of the main actor between two runs waits for the second.
    Task { @MainActor in say("between") }
    let second = try EventLoop.run {
      try await sleep(.milliseconds(1))
      return ObjectIdentifier(EventLoop.current)
    }
    say(first == second ? "the same loop" : "another loop")
  }

  static func calledFromTask() throws {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      do { try EventLoop.run {} } catch { say("\(error)") }
      done.signal()
    }
    done.wait()
  }

  static func offMainThread() throws {
    let done = DispatchSemaphore(value: 0)
    DispatchQueue(label: "other").async {
      do { try EventLoop.run {} } catch { say("\(error)") }
      done.signal()
    }
    done.wait()
  }

  static func interrupt() throws {
    try EventLoop.run(onInterrupt: .throwError) {
      do {
        say("ready")
        try await sleep(.seconds(3600))
      } catch {
        await Task { try? await sleep(.milliseconds(1)) }.value
        say("cleaned up")
        throw error
      }
    }
  }

  /// An interrupt of a program without handling for it, like the first example of the README.
  static func interruptPlain() throws {
    try EventLoop.run {
      say("ready")
      do { try await sleep(.seconds(3600)) } catch {
        say("cleaned up")
        throw error
      }
    }
    say("run returned")
  }

  static func interruptIgnored() throws {
    try EventLoop.run {
      say("ready")
      while true {
        do { try await sleep(.seconds(3600)) } catch {
          say("ignored")
          // Not a wait of the cancelled task, which would end at once.
          await Task { try? await sleep(.seconds(3600)) }.value
        }
      }
    }
  }

  static func stop() throws {
    try EventLoop.run {
      EventLoop.current.callLater(.milliseconds(1)) { EventLoop.current.stop() }
      do { try await sleep(.seconds(3600)) } catch { say("cancelled") }
    }
  }

  /// The main actor, actors, code outside of actors, detached tasks: all on one thread, the loop's.
  static func oneThread() throws {
    actor Other {
      func thread() -> pthread_t { pthread_self() }
    }
    try EventLoop.run {
      let main = pthread_self()
      @concurrent func concurrent() async -> pthread_t { pthread_self() }
      var threads = [await concurrent(), await Other().thread()]
      threads.append(await Task { pthread_self() }.value)
      threads.append(await Task.detached { pthread_self() }.value)
      async let child = pthread_self()
      threads.append(await child)
      try await Task.sleep(for: .milliseconds(1))
      threads.append(pthread_self())
      say(threads.allSatisfy { pthread_equal($0, main) != 0 } ? "one thread" : "several threads")
    }
  }

  static func dispatch() throws {
    try EventLoop.run {
      let value = await withCheckedContinuation { continuation in
        DispatchQueue.main.async { continuation.resume(returning: "main queue") }
      }
      say(value)
    }
  }

  static func foreignThreads() throws {
    try EventLoop.run {
      let main = pthread_self()
      var count = 0
      for _ in 0..<200 {
        let back: Bool = await withCheckedContinuation { continuation in
          DispatchQueue.global().async { continuation.resume(returning: true) }
        }
        if back && pthread_equal(pthread_self(), main) != 0 { count += 1 }
      }
      let handle = await withCheckedContinuation { continuation in
        let loop = EventLoop.current
        DispatchQueue.global().async {
          _ = try? loop.callSoonThreadsafe { continuation.resume(returning: "called") }
        }
      }
      say("\(count) resumed on the loop, \(handle)")
    }
  }

  /// Every loop serves connections, each connection on one loop from beginning to end.
  static func severalLoops() throws {
    try EventLoop.run(loops: .count(3)) {
      let handler: ConnectionHandler = { reader, writer in
        let loop = EventLoop.current
        var stayed = true
        while let line = try await reader.readLine() {
          try await sleep(.microseconds(100))
          await Task { await Task.yield() }.value
          stayed = stayed && EventLoop.onThisLoop(loop)
          try await writer.write("\(line) \(UInt(bitPattern: ObjectIdentifier(loop).hashValue)) \(stayed)\n")
        }
      }
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: handler)
      var loops: Set<Substring> = []
      var stayed = true
      for _ in 0..<120 {
        let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
        for _ in 0..<3 {
          try await writer.write("x\n")
          let words = try await reader.readLine()?.split(separator: " ") ?? []
          loops.insert(words[1])
          stayed = stayed && words[2] == "true"
        }
        try await writer.close()
      }
      say("\(loops.count) loops, \(stayed ? "stayed" : "moved")")
      server.close()
      try await server.waitClosed()
    }
  }

  /// A server without a descriptor for a connection reports that, and serves the connection later.
  static func descriptors() throws {
    try EventLoop.run {
      EventLoop.current.setExceptionHandler { _, context in say("\(context)") }
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in try await writer.write("welcome") }
      var limit = rlimit(rlim_cur: 64, rlim_max: 64)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      // Takes every descriptor, and gives one back for the client.
      var taken: [Int32] = []
      while true {
        let descriptor = dup(0)
        if descriptor < 0 { break }
        taken.append(descriptor)
      }
      close(taken.removeLast())
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
      do {
        _ = try await openConnection(host: "127.0.0.1", port: server.port)
      } catch let error as SystemError {
        say("client: \(error.code.name)")
      }
      try await sleep(.milliseconds(20))
      for descriptor in taken { close(descriptor) }
      say(String(decoding: try await reader.readToEnd(), as: UTF8.self))
      try await writer.close()
      server.close()
      try await server.waitClosed()
    }
  }

  static func unhandled() throws {
    try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in throw ScenarioError() }
      let (reader, _) = try await openConnection(host: "127.0.0.1", port: server.port)
      _ = try? await reader.readToEnd()
      server.close()
      try await server.waitClosed()
    }
  }

  /// `run` does work for the main actor that came from outside before.
  static func lateMainActor() throws {
    Task { @MainActor in say("main actor") }
    try EventLoop.run { try await sleep(.milliseconds(1)) }
  }
}

extension EventLoop {
  static func onThisLoop(_ loop: EventLoop) -> Bool { (try? running) === loop }
}
