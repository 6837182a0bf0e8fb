// SPDX-License-Identifier: Apache-2.0
// Numbers at the ends of their types, from programs that mean "no limit" or have computed wrongly. No public function
// may trap in its own arithmetic.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Arguments at the ends of their types", .timeLimit(.minutes(1))) struct ExtremeArgumentTests {
  static let longest = Duration(attoseconds: .max)
  static let shortest = Duration(attoseconds: .min)

  @Test(arguments: BackendKind.conforming)
  func `servers and connections`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      for backlog in [Int.max, .min, 0] {
        let limits = ServerLimits(connections: .max, connectionsPerPeer: .max, timeWithoutProgress: Self.longest)
        let server = try await startServer(
          host: "127.0.0.1", port: 0, limits: limits, options: ServerOptions(backlog: backlog, limit: .max)
        ) { stream in
          try await stream.write(try await stream.readToEnd(upTo: .max))
        }
        let stream = try await ByteStream.connect(
          host: "127.0.0.1", port: server.port, timeout: Self.longest, limit: .max)
        try await stream.write("hello")
        try await stream.writeEOF()
        #expect(try await stream.read(upTo: .max).count > 0)
        let rest = await #expect(throws: IncompleteReadError.self) { try await stream.readExactly(.max) }
        #expect(rest?.expected == .max)
        try await stream.close()
        _ = await server.shutdown(drain: Self.shortest)
      }
      let late = await #expect(throws: SystemError.self) {
        try await ByteStream.connect(host: "127.0.0.1", port: 9, timeout: Self.shortest)
      }
      #expect(late?.code == .timedOut || late?.code == .connectionRefused)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `times that reach beyond the clock`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let loop = EventLoop.current
      try await sleep(Self.shortest)
      try await withTimeout(Self.longest) { try await sleep(.zero) }
      let error = await #expect(throws: TimeoutError.self) {
        try await withTimeout(Self.shortest) { try await sleep(.seconds(3600)) }
      }
      #expect(error?.description.hasPrefix("withTimeout: out of time after -9223372036.8") == true)
      #expect(try await moveOnAfter(Self.longest) { 1 } == 1)
      var called = 0
      for delay in [Self.shortest, .nanoseconds(Int64.min), .nanoseconds(Int64.min + 1)] {
        loop.callLater(delay) { called += 1 }
        loop.callAt(EventLoop.Instant(nanoseconds: 0) + delay) { called += 1 }
      }
      let never = loop.callLater(Self.longest) { called += 100 }
      try await turns { called == 6 }
      never.cancel()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `buffers and budgets`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.receiveBuffer = .max
      options.sendBuffer = .max
      options.queueLimit = .max
      let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      try await socket.send([1, 2], to: socket.localAddress)
      #expect(try await socket.receive().bytes == [1, 2])
      socket.close()
      let budget = RetryBudget(share: .infinity, reserve: .max, perSecond: .infinity)
      #expect(budget.available == .max)
      budget.addCall()
      #expect(budget.takeRetry() && budget.available == .max)
      let queue = Queue<Int>(maxSize: .max)
      try await queue.put(1)
      #expect(try await queue.get() == 1)
      let channel = Channel<Int>(capacity: .max)
      try await channel.send(1)
      #expect(channel.count == 1)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a path with a zero byte is invalid, and no other file is opened`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let connecting = await #expect(throws: SystemError.self) { try await openUnixConnection(path: "/tmp/a\0b") }
      #expect(connecting?.description == "connect \"/tmp/a\\0b\": invalid argument (EINVAL)")
      let binding = await #expect(throws: SystemError.self) {
        try await startUnixServer(path: "/tmp/a\0b") { _ in }
      }
      #expect(binding?.operation == "bind" && binding?.code == .invalidArgument)
      let long = await #expect(throws: SystemError.self) {
        try await openUnixConnection(path: String(repeating: "a", count: 200))
      }
      #expect(long?.code == .nameTooLong)
      let (one, other) = try await ByteStream.pair()
      let file = await #expect(throws: SystemError.self) { try await one.writer.sendFile("/etc/hosts\0.txt") }
      #expect(file?.code == .invalidArgument)
      one.abort()
      other.abort()
    }
  }
}
