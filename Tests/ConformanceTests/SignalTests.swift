// SPDX-License-Identifier: Apache-2.0
// Signals of the process on the kernel's backends, and simulated ones in virtual time. Tests run at the same time in
// one process, so each has a real-time signal of its own.

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Signals of a loop", .timeLimit(.minutes(1))) struct LoopSignalTests {
  /// A signal that no other test uses on this backend.
  private func own(_ number: Int32, _ backend: BackendKind) -> Signal {
    Signal(rawValue: 42 + 2 * number + (backend == .epoll ? 1 : 0))
  }

  private func send(_ signal: Signal) {
    if EventLoop.current.backendKind == .virtual { sendSignal(signal) } else { kill(getpid(), signal.rawValue) }
  }

  private func handler(of signal: Signal) -> Int {
    var action = sigaction()
    sigaction(signal.rawValue, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
  }

  @Test(arguments: BackendKind.conforming)
  func `a signal reaches every receiver, in its turn`(backend: BackendKind) async throws {
    let signal = own(0, backend)
    try await withEventLoop(backend: backend) {
      let received = Log()
      let (first, second) = (signals(signal), signals(signal))
      let tasks = [("first", first), ("second", second)].map { name, sequence in
        createTask { for await other in sequence { received.append("\(name) \(other == signal)") } }
      }
      send(signal)
      try await turns { received.entries.count == 2 }
      send(signal)
      try await turns { received.entries.count == 4 }
      #expect(Set(received.entries) == ["first true", "second true"])
      for task in tasks { task.cancel() }
      for task in tasks { try await task.value }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a signal that comes between two waits is kept, once`(backend: BackendKind) async throws {
    let (signal, other) = (own(1, backend), own(2, backend))
    try await withEventLoop(backend: backend) {
      var iterator = signals([signal, other]).makeAsyncIterator()
      for _ in 0..<3 { send(signal) }
      let seen = Log()
      let watching = createTask {
        for await _ in signals(other) { seen.append("seen") }
      }
      try await sleep(.milliseconds(1))
      send(other)
      try await turns { !seen.entries.isEmpty }
      #expect(await iterator.next() == signal)
      #expect(await iterator.next() == other)
      let empty = createTask { [iterator] in
        var iterator = iterator
        return await iterator.next()
      }
      try await sleep(.milliseconds(1))
      empty.cancel()
      #expect(try await empty.value == nil)
      watching.cancel()
      try await watching.value
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a handler is called for each signal, is replaced, and is removed`(backend: BackendKind) async throws {
    let signal = own(3, backend)
    try await withEventLoop(backend: backend) {
      let (loop, log) = (EventLoop.current, Log())
      let all = signals(signal)
      let receiving = createTask { for await _ in all { log.append("received") } }
      loop.addSignalHandler(signal) { log.append("first") }
      send(signal)
      try await turns { log.entries.count == 2 }
      loop.addSignalHandler(signal) { log.append("second") }
      send(signal)
      try await turns { log.entries.count == 4 }
      #expect(loop.removeSignalHandler(signal))
      #expect(!loop.removeSignalHandler(signal))
      send(signal)
      try await turns { log.entries.count == 5 }
      #expect(log.entries.filter { $0 != "received" } == ["first", "second"])
      receiving.cancel()
      try await receiving.value
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a handler has the task-local values of its place`(backend: BackendKind) async throws {
    let signal = own(4, backend)
    try await withEventLoop(backend: backend) {
      let (loop, log) = (EventLoop.current, Log())
      Place.$name.withValue("there") { loop.addSignalHandler(signal) { log.append(Place.name) } }
      send(signal)
      try await turns { !log.entries.isEmpty }
      #expect(log.entries == ["there"])
    }
  }

  private enum Place {
    @TaskLocal static var name = "nowhere"
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `the last receiver that leaves gives the signal back`(backend: BackendKind) async throws {
    let signal = own(5, backend)
    let before = handler(of: signal)
    try await withEventLoop(backend: backend) {
      let first = createTask { [sequence = signals(signal)] in for await _ in sequence {} }
      EventLoop.current.addSignalHandler(signal) {}
      #expect(handler(of: signal) != before)
      try await sleep(.zero)
      first.cancel()
      try await first.value
      #expect(handler(of: signal) != before)
      EventLoop.current.removeSignalHandler(signal)
      #expect(handler(of: signal) == before)
      // The loop's end removes this one.
      EventLoop.current.addSignalHandler(signal) {}
    }
    #expect(handler(of: signal) == before)
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a signal that was ignored is received, and ignored again afterwards`(backend: BackendKind) async throws {
    let number = own(6, backend)
    Glibc.signal(number.rawValue, SIG_IGN)
    let ignored = handler(of: number)
    try await withEventLoop(backend: backend) {
      do {
        var iterator = signals(number).makeAsyncIterator()
        send(number)
        #expect(await iterator.next() == number)
      }
      #expect(handler(of: number) == ignored)
    }
    Glibc.signal(number.rawValue, SIG_DFL)
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a handler that other code has installed meanwhile stays`(backend: BackendKind) async throws {
    let number = own(7, backend)
    try await withEventLoop(backend: backend) {
      EventLoop.current.addSignalHandler(number) {}
      Glibc.signal(number.rawValue) { _ in }
      let foreign = handler(of: number)
      EventLoop.current.removeSignalHandler(number)
      #expect(handler(of: number) == foreign)
    }
    Glibc.signal(number.rawValue, SIG_DFL)
  }

  @Test func `a run in virtual time gets its own signals only, and says whether anybody waits for one`() async throws {
    try await withVirtualTime {
      #expect(!sendSignal(.terminate))
      let waiting = createTask {
        for await signal in signals(.terminate, .user1) { return "\(signal) after \(EventLoop.current.time)" }
        return "nothing"
      }
      try await sleep(.seconds(10))
      try await withVirtualTime {
        #expect(!sendSignal(.terminate))
      }
      #expect(sendSignal(.terminate))
      #expect(try await waiting.value == "SIGTERM after 10.0 seconds")
      #expect(!sendSignal(.terminate))
    }
  }

  @Test func `a server in virtual time stops on a signal, and answers first what it was asked`() async throws {
    try await withVirtualTime {
      let server = try await startServer(host: "127.0.0.1", port: 80) { stream in
        while let line = try await stream.readLine() {
          try await sleep(.seconds(3))
          try await stream.write("<\(line)>\n")
        }
      }
      let serving = createTask { try await server.serveForever(drain: .seconds(10), stopsOn: [.terminate]) }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: 80)
      try await client.write("request\n")
      try await sleep(.seconds(1))
      #expect(sendSignal(.terminate))
      #expect(try await client.readLine() == "<request>")
      try await client.close()
      try await serving.value
    }
  }

  @Test func `a task that waits for a signal is named when nothing can come any more`() async throws {
    let error = await #expect(throws: NoProgressError.self) {
      try await withVirtualTime { for await _ in signals(.hangup, .user1) {} }
    }
    #expect(error?.description.contains("receive signal SIGHUP, SIGUSR1") == true)
  }
}
