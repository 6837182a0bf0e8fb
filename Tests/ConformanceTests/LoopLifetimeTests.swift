// SPDX-License-Identifier: Apache-2.0
// A run that leaves objects behind must not leave its loop behind. With a loop stay its buffers, its backend, and every
// descriptor of a connection that was not closed. Programs and suites have thousands of runs.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

/// The objects that a body can leave behind, each held only by itself and by the loop.
enum Leftover: String, CaseIterable, Sendable {
  case nothing, server, fullServer, connections, lingeringConnection, halfRead
  case protocols, pausedProtocol, halfOpenProtocol, datagrams, endpoint
  case waits, timers, futures, callbacks, watches, exceptionHandler, failedTask, names, threads

  nonisolated(nonsending) func leave() async throws {
    let loop = EventLoop.current
    switch self {
    case .nothing: break
    case .server: _ = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
    case .fullServer:
      var limits = ServerLimits()
      limits.connections = 1
      let server = try await startServer(host: "127.0.0.1", port: 0, limits: limits) { reader, _ in
        _ = try await reader.readLine()
      }
      let first = try await openConnection(host: "127.0.0.1", port: server.port)
      let second = try await openConnection(host: "127.0.0.1", port: server.port)
      try await first.1.write("x")
      try await sleep(.milliseconds(5))
      createTask { try await second.0.readLine() }
    case .connections:
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        while let line = try await reader.readLine() { try await writer.write(line + "\n") }
      }
      for _ in 0..<3 {
        let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
        try await writer.write("hello\n")
        #expect(try await reader.readLine() == "hello")
        createTask { _ = (try await reader.readLine(), writer) }
      }
    case .lingeringConnection:
      let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in try await writer.write("x") }
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
      #expect(try await reader.readExactly(1) == [UInt8(ascii: "x")])
      withExtendedLifetime(writer) {}
    case .halfRead:
      let (near, far) = try await ByteStream.pair()
      createTask { try await far.write(pattern(2_000_000)) }
      #expect(try await near.readExactly(100_000).count == 100_000)
      createTask { _ = try await (Queue<Int>(maxSize: 1).get(), near) }
    case .protocols, .pausedProtocol, .halfOpenProtocol:
      let (near, far) = try await ByteStream.pair()
      var script = RecordingProtocol.Script()
      if self == .pausedProtocol { script.made = { $0.pauseReading() } }
      script.ended = { _ in true }
      try await loop.createConnection(over: near) { [script] in KeepingProtocol(RecordingProtocol(Log(), script)) }
      try await far.write("hello")
      if self == .halfOpenProtocol { try await far.writeEOF() }
      try await sleep(.milliseconds(2))
    case .datagrams:
      let socket = try await DatagramSocket.bind(to: .loopback(port: 0))
      let other = try await DatagramSocket.connect(to: socket.localAddress)
      try await other.send(Array("hello".utf8))
      createTask { while true { _ = try await (socket.receive(), other) } }
      try await sleep(.milliseconds(2))
    case .endpoint:
      let socket = try await DatagramSocket.bind(to: .loopback(port: 0))
      try await loop.createDatagramEndpoint(over: socket) { KeepingDatagrams() }
    case .waits:
      let (event, lock) = (Event(), Lock())
      createTask { try await event.wait() }
      createTask { try await lock.withLock { try await sleep(.seconds(3600)) } }
      createTask { try await lock.withLock {} }
      Task { try await sleep(.seconds(3600)) }
      Task { try await Task.sleep(for: .seconds(3600)) }
      try await sleep(.milliseconds(1))
    case .timers:
      // The usual cycle: an object holds its timer, and the timer calls the object.
      let owner = TimerOwner()
      owner.timer = loop.callLater(.seconds(3600)) { owner.call(on: loop) }
    case .futures:
      let future = Future<Void>()
      future.addDoneCallback { [future] _ in _ = (future, loop) }
      createTask { try await future.value }
      try await sleep(.zero)
    case .callbacks: loop.callSoon { again(on: loop) }
    case .watches:
      guard loop.backendKind != .virtual else { return }
      let pair = SocketPair()
      try loop.addReader(pair.near) { _ = (pair, loop) }
    case .exceptionHandler: loop.setExceptionHandler { _, _ in _ = loop }
    case .failedTask:
      createTask { throw CancellationError() }
      createTask { [loop] in loop.stop() }
    case .names:
      guard loop.backendKind != .virtual else { return }
      // This socket never answers.
      let silent = try await DatagramSocket.bind(to: .loopback(port: 0))
      let configuration = ResolverConfiguration(servers: [silent.localAddress])
      createTask { _ = try await (resolve("www.example.", port: 80, using: .stub(configuration)), silent) }
      try await sleep(.milliseconds(2))
    case .threads: createTask { try await toThread { [loop] in _ = loop } }
    }
  }
}

@Suite("A loop that has ended", .timeLimit(.minutes(1))) struct LoopLifetimeTests {
  @Test(arguments: BackendKind.conforming, Leftover.allCases)
  func `is gone, with its backend, whatever its run has left behind`(
    backend: BackendKind, leftover: Leftover
  ) async throws {
    let seen = SeenLoop()
    do {
      try await withEventLoop(backend: backend) {
        seen.note(EventLoop.current)
        EventLoop.current.setExceptionHandler { _, _ in }
        try await leftover.leave()
      }
    } catch EventLoopError.stopped {}
    // Another thread may be about to release its references.
    if leftover == .threads || leftover == .names { await seen.gone() }
    #expect(seen.isGone)
  }

  @Test(arguments: BackendKind.conforming)
  func `stays for as long as somebody has its executor, and no longer`(backend: BackendKind) async throws {
    let seen = SeenLoop()
    do {
      let executor = try await withEventLoop(backend: backend) {
        seen.note(EventLoop.current)
        return EventLoop.current.taskExecutor
      }
      #expect(!seen.isGone)
      #expect(await Task(executorPreference: executor) { 42 }.value == 42)
    }
    await seen.gone()
  }

  @Test(arguments: BackendKind.conforming)
  func `stays for as long as a task is on it that another thread will resume`(backend: BackendKind) async throws {
    let seen = SeenLoop()
    let (held, resume) = AsyncStream.makeStream(of: Void.self)
    let task = try await withEventLoop(backend: backend) {
      let loop = EventLoop.current
      seen.note(loop)
      let task = Task.detached(executorPreference: loop.taskExecutor) {
        // It can't be cancelled, and waits for nothing on the loop.
        await Task.detached { for await _ in held { return } }.value
        return 42
      }
      try await sleep(.zero)
      return task
    }
    #expect(!seen.isGone)
    resume.yield()
    #expect(await task.value == 42)
    await seen.gone()
  }
}

/// Weak references to a loop and its backend.
private final class SeenLoop: Sendable {
  // Written on the loop's thread, before the run has ended; read after that.
  private nonisolated(unsafe) weak var loop: EventLoop?
  private nonisolated(unsafe) weak var backend: AnyObject?

  func note(_ loop: EventLoop) {
    self.loop = loop
    backend = loop.backend as AnyObject
  }

  var isGone: Bool { loop == nil && backend == nil }

  /// Waits for a thread that is about to release its references; the test's time limit ends a wait in vain.
  func gone() async { while !isGone { try? await Task.sleep(for: .milliseconds(1)) } }
}

/// Holds its transport, as most protocols do, and never releases it.
private final class KeepingProtocol: StreamProtocol {
  private let inner: RecordingProtocol
  private var transport: Transport?

  init(_ inner: RecordingProtocol) { self.inner = inner }

  func connectionMade(_ transport: Transport) {
    self.transport = transport
    inner.connectionMade(transport)
  }
  func dataReceived(_ data: Span<UInt8>) throws { try inner.dataReceived(data) }
  func eofReceived() throws -> Bool { try inner.eofReceived() }
}

private final class KeepingDatagrams: DatagramProtocol {
  private var endpoint: DatagramEndpoint?

  func connectionMade(_ endpoint: DatagramEndpoint) { self.endpoint = endpoint }
  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) {}
}

private final class TimerOwner {
  var timer: TimerHandle?

  func call(on loop: EventLoop) { timer?.cancel() }
}

private func again(on loop: EventLoop) { loop.callSoon { again(on: loop) } }
