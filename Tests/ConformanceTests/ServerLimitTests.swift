// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@Suite("What a server allows its peers", .timeLimit(.minutes(1))) struct ServerLimitTests {
  /// Long on a clock that costs nothing.
  static func time(on backend: BackendKind) -> Duration { backend == .virtual ? .seconds(60) : .milliseconds(80) }

  // MARK: - Progress

  @Test(.virtualTime) func `a peer that sends a byte a minute is cut off and everyone else is served`() async throws {
    let loop = EventLoop.current
    let log = Log()
    loop.setExceptionHandler { _, context in log.append("\(context)") }
    let limits = ServerLimits(timeWithoutProgress: .seconds(60), leastRate: 2)
    let server = try await startServer(host: "127.0.0.1", port: 0, limits: limits) { stream in
      do {
        for try await line in stream.lines { try await stream.write(line + "\n") }
      } catch {
        log.append("\(error)")
        throw error
      }
    }
    let slow = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
    let peer = try #require(slow.localAddress)
    let dripping = Task {
      while true {
        try await slow.write("x")
        try await sleep(.seconds(59))
      }
    }
    let busy = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
    let line = String(repeating: "y", count: 40)
    for _ in 0..<60 {
      try await busy.write(line + "\n")
      #expect(try await busy.readLine() == line)
      try await sleep(.seconds(20))
    }
    let error = await #expect(throws: SystemError.self) { try await slow.readToEnd() }
    #expect(error?.code == .connectionReset)
    await #expect(throws: SystemError.self) { try await dripping.value }
    // The server has told the handler, and not the exception handler.
    #expect(log.entries == ["\(peer) made no progress for 60.0 seconds"])
    let statistics = try await server.statistics
    #expect(statistics.cutOff == 1)
    #expect(statistics.open == 1)
    try await busy.close()
    server.close()
    try await server.waitClosed()
  }

  @Test(arguments: BackendKind.conforming)
  func `a peer that says nothing is reset while the others are served`(backend: BackendKind) async throws {
    let time = Self.time(on: backend)
    try await withEventLoop(backend: backend) {
      let log = Log()
      let server = try await startServer(
        host: "127.0.0.1", port: 0, limits: ServerLimits(timeWithoutProgress: time)
      ) { stream in
        do {
          for try await line in stream.lines { try await stream.write(line + "\n") }
        } catch let error as StreamError {
          log.append("\(error == .noProgress(peer: stream.peerAddress, time: time))")
          throw error
        }
      }
      let start = EventLoop.current.time
      let silent = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      let talking = Task {
        let busy = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
        while try await server.statistics.cutOff == 0 {
          try await busy.write("ping\n")
          #expect(try await busy.readLine() == "ping")
          try await sleep(time / 100)
        }
        try await busy.close()
      }
      let error = await #expect(throws: SystemError.self) { try await silent.readToEnd() }
      #expect(error?.code == .connectionReset)
      #expect(start.duration(to: EventLoop.current.time) >= time)
      try await talking.value
      #expect(log.entries == ["true"])
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a peer that never reads is reset, and the write that waits for it throws`(backend: BackendKind) async throws {
    let time = Self.time(on: backend)
    try await withEventLoop(backend: backend) {
      let log = Log()
      let server = try await startServer(
        host: "127.0.0.1", port: 0, limits: ServerLimits(timeWithoutProgress: time)
      ) { _, writer in
        do {
          while true { try await writer.write(pattern(1 << 20)) }
        } catch {
          log.append(
            error is StreamError
              ? "\(error as! StreamError == .noProgress(peer: writer.peerAddress, time: time))" : "\(error)")
          throw error
        }
      }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await until(every: time / 100) { try await server.statistics.cutOff == 1 }
      try await turns { !log.entries.isEmpty }
      #expect(log.entries == ["true"])
      let error = await #expect(throws: SystemError.self) { try await client.readToEnd(upTo: .max) }
      #expect(error?.code == .connectionReset)
      #expect(try await server.statistics.open == 0)
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `what is still to leave when the handler is done keeps no connection for ever`(backend: BackendKind) async throws
  {
    let time = Self.time(on: backend)
    try await withEventLoop(backend: backend) {
      let server = try await startServer(
        host: "127.0.0.1", port: 0, limits: ServerLimits(timeWithoutProgress: time)
      ) { _, writer in
        // More than the kernel takes: the stream holds the rest when the handler returns.
        let writing = Task { try await writer.write(pattern(16 << 20)) }
        try await turns { writer.pendingBytes > 0 }
        writing.cancel()
      }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await until(every: time / 100) { try await server.statistics.cutOff == 1 }
      try await turns { try await server.statistics.open == 0 }
      client.abort()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(.virtualTime) func `a peer that reads a byte a minute is cut off`() async throws {
    let limits = ServerLimits(timeWithoutProgress: .seconds(60), leastRate: 100)
    let server = try await startServer(host: "127.0.0.1", port: 0, limits: limits) { _, writer in
      while true { try await writer.write(pattern(100_000)) }
    }
    let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port, limit: 1)
    let start = EventLoop.current.time
    await #expect(throws: SystemError.self) {
      while true {
        _ = try await client.readExactly(1)
        try await sleep(.seconds(60))
        if try await server.statistics.cutOff == 1 { _ = try await client.readToEnd() }
      }
    }
    #expect(start.duration(to: EventLoop.current.time) < .seconds(300))
    server.close()
    try await server.waitClosed()
  }

  @Test(.virtualTime) func `a handler may take its time, and a reader that is slow but steady may too`() async throws {
    let limits = ServerLimits(timeWithoutProgress: .seconds(60), leastRate: 100)
    let server = try await startServer(host: "127.0.0.1", port: 0, limits: limits) { stream in
      _ = try await stream.readLine()
      try await sleep(.seconds(3600))
      try await stream.write(pattern(1_000_000))
    }
    let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port, limit: 1000)
    try await client.write("go\n")
    var received: [UInt8] = []
    while case let piece = try await client.read(upTo: 10_000), !piece.isEmpty {
      received += piece
      try await sleep(.seconds(5))
    }
    expectSame(received, pattern(1_000_000))
    #expect(try await server.statistics.cutOff == 0)
    server.close()
    try await client.close()
    try await server.waitClosed()
  }

  // MARK: - Numbers

  @Test(arguments: BackendKind.conforming)
  func `no more connections are served at a time than the limit says, and all in the end`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let gauge = Gauge()
      let server = try await startServer(
        host: "127.0.0.1", port: 0, limits: ServerLimits(connections: 5)
      ) { stream in
        gauge.enter()
        defer { gauge.leave() }
        try await stream.write("hello\n")
        _ = try await stream.readLine()
      }
      let clients = try await gather(0..<30, limit: 30) { _ in
        try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      }
      try await turns { gauge.now == 5 }
      // The others wait in the backlog, and the loop does not spin for them.
      let before = EventLoop.current.statistics.turns
      try await sleep(.milliseconds(10))
      #expect(EventLoop.current.statistics.turns - before < 20)
      #expect(gauge.most == 5)
      #expect(try await server.statistics.open == 5)
      _ = try await gather(clients, limit: 30) { client in
        #expect(try await client.readLine() == "hello")
        try await client.close()
      }
      try await turns { try await server.statistics.accepted == 30 }
      #expect(gauge.most == 5)
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a thousand connections of one peer leave the limit of them, and everyone else is served`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startServer(
        host: "127.0.0.1", port: 0, limits: ServerLimits(connectionsPerPeer: 10)
      ) { stream in
        try await stream.write("hello\n")
        _ = try await stream.readLine()
      }
      let other = backend == .virtual ? VirtualNetwork.host("other") : SocketAddress("127.0.0.2", port: 0)!
      EventLoop.current.setExceptionHandler { _, _ in }
      let kept = try await gather(0..<1000, limit: 50) { _ -> ByteStream? in
        do {
          let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
          if try await client.readLine() == "hello" { return client }
          client.abort()
          return nil
        } catch let error as SystemError where error.code == .connectionReset {
          return nil
        }
      }.compactMap { $0 }
      #expect(kept.count == 10)
      #expect(try await server.statistics.refused == 990)
      let stranger = try await ByteStream.connect(host: "127.0.0.1", port: server.port, from: other)
      #expect(try await stranger.readLine() == "hello")
      // A connection that ends makes room for another one of its peer.
      try await kept[0].close()
      try await turns { try await server.statistics.open == 10 }
      let next = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      #expect(try await next.readLine() == "hello")
      for client in kept + [next, stranger] { client.abort() }
      server.close()
      try await server.waitClosed()
    }
  }

  // MARK: - Descriptors

  @Test(.virtualTime) func `without a descriptor left, a connection is served as soon as another one ends`()
    async throws
  {
    let loop = EventLoop.current
    let log = Log()
    loop.setExceptionHandler { _, context in log.append("\(context)") }
    let server = try await startServer(host: "127.0.0.1", port: 0, limits: ServerLimits(connections: 100)) { stream in
      try await stream.write("hello\n")
      _ = try await stream.readLine()
    }
    let backend = loop.backend as! VirtualBackend
    // The listener, and three pairs of a client and the server's side.
    backend.network.descriptorLimit = 10
    let clients = try await gather(0..<6, limit: 6) { _ in
      try await ByteStream.connect(host: "127.0.0.1", port: server.port)
    }
    var served: [ByteStream] = []
    try await turns { try await server.statistics.accepted == 3 }
    for (index, client) in clients.enumerated() {
      let start = loop.time
      #expect(try await client.readLine() == "hello")
      #expect(start.duration(to: loop.time) < .milliseconds(10))
      try await client.close()
      served.append(client)
      if index == 1 { backend.network.descriptorLimit = 9 }
    }
    try await turns { try await server.statistics.accepted == 6 }
    #expect(log.entries.count == 1)
    #expect(
      log.entries.first
        == "accepting connections pauses until one ends, for a second at most: "
        + "accept 127.0.0.1:\(server.port): too many open files (EMFILE)")
    server.close()
    try await server.waitClosed()
  }

  @Test(.virtualTime) func `a process that is allowed more descriptors has more connections`() async throws {
    let backend = EventLoop.current.backend as! VirtualBackend
    backend.network.descriptorLimit = 40
    EventLoop.current.setExceptionHandler { _, _ in }
    let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
      try await stream.write("hello\n")
      _ = try await stream.readLine()
    }
    backend.network.descriptorLimit = 1000
    let clients = try await gather(0..<100, limit: 100) { _ in
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      #expect(try await client.readLine() == "hello")
      return client
    }
    #expect(try await server.statistics.open == 100)
    for client in clients { client.abort() }
    server.close()
    try await server.waitClosed()
  }
}

/// How many are inside, and the maximum so far; on one loop.
private final class Gauge: @unchecked Sendable {
  // Sendable: used on one loop's thread.
  private(set) var now = 0
  private(set) var most = 0

  func enter() {
    now += 1
    most = max(most, now)
  }

  func leave() { now -= 1 }
}

/// Waits in steps that suit the backend's clock.
private func until(every step: Duration, _ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await sleep(step) }
}
