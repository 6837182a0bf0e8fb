// SPDX-License-Identifier: Apache-2.0
// Streams over the network in memory: users' code on a loop without a kernel.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct VirtualStreamTests {
  @Test func `a connection takes two milliseconds and an answer two more`() async throws {
    let server = try await startServer(host: VirtualNetwork.host("db").host, port: 5432) { reader, writer in
      while let line = try await reader.readLine() { try await writer.write(line + "\n") }
    }
    let start = EventLoop.current.time
    let (reader, writer) = try await openConnection(host: "db", port: 5432)
    #expect(start.duration(to: EventLoop.current.time) == .milliseconds(2))
    try await writer.write("ping\n")
    #expect(try await reader.readLine() == "ping")
    #expect(start.duration(to: EventLoop.current.time) == .milliseconds(4))
    server.close()
  }

  @Test func `a megabyte goes through a window of 64 KiB`() async throws {
    let server = try await startServer(host: "localhost", port: 0) { reader, writer in
      var buffer: [UInt8] = []
      while try await reader.read(into: &buffer) > 0 { try await writer.write(buffer) }
    }
    let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
    let sent = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    async let writing: Void = {
      try await writer.write(sent)
      try await writer.writeEOF()
    }()
    let received = try await reader.readToEnd()
    try await writing
    #expect(received == sent)
    server.close()
  }

  @Test func `a writer waits for a peer that sleeps`() async throws {
    let server = try await startServer(host: "localhost", port: 0) { reader, writer in
      try await sleep(.seconds(60))
      var buffer: [UInt8] = []
      while try await reader.read(into: &buffer) > 0 {}
    }
    let (_, writer) = try await openConnection(host: "localhost", port: server.port)
    let start = EventLoop.current.time
    try await writer.write([UInt8](repeating: 0, count: 1 << 20))
    #expect(start.duration(to: EventLoop.current.time) > .seconds(59))
    server.close()
  }

  @Test func `refused and unknown are errors with names`() async throws {
    let refused = await #expect(throws: SystemError.self) { try await openConnection(host: "localhost", port: 9) }
    #expect(refused?.description == "connect 127.0.0.1:9: connection refused (ECONNREFUSED)")
    await #expect(throws: NameError.self) { try await openConnection(host: "nosuch", port: 9) }
  }

  @Test func `a port is taken once`() async throws {
    let server = try await startServer(port: 80) { _, _ in }
    let error = await #expect(throws: SystemError.self) {
      try await startServer(host: "localhost", port: 80) { _, _ in }
    }
    #expect(error?.code == .addressInUse)
    server.close()
  }

  @Test func `a cancelled connect leaves nothing`() async throws {
    let start = EventLoop.current.time
    let task = Task { _ = try await openConnection(host: "10.0.0.99", port: 80) }
    try await sleep(.seconds(1))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(start.duration(to: EventLoop.current.time) == .seconds(1))
  }
}
