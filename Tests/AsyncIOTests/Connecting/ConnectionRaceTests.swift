// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import AsyncIOTesting
import Testing

@testable import AsyncIO

private let v6 = (1...3).map { SocketAddress("2001:db8::\($0)", port: 80)! }
private let v4 = (1...3).map { SocketAddress("192.0.2.\($0)", port: 80)! }

@Suite struct ConnectionRaceTests {
  @Test func `the families take turns beginning with the first`() {
    #expect(ConnectionRace.interleaved(v6 + v4) == [v6[0], v4[0], v6[1], v4[1], v6[2], v4[2]])
    #expect(ConnectionRace.interleaved([v4[0]] + v6) == [v4[0], v6[0], v6[1], v6[2]])
    #expect(ConnectionRace.interleaved([]) == [])
  }

  @Test func `a new attempt begins after a quarter of a second`() {
    var race = ConnectionRace([v6[0], v4[0]])
    #expect(race.next(now: 0) == .attempt(v6[0]))
    #expect(race.next(now: 0) == .wait(until: 250_000_000))
    #expect(race.next(now: 249_999_999) == .wait(until: 250_000_000))
    #expect(race.next(now: 250_000_000) == .attempt(v4[0]))
    #expect(race.next(now: 250_000_000) == .wait(until: .max))
  }

  @Test func `a failure begins the next attempt at once`() {
    var race = ConnectionRace([v6[0], v4[0]])
    #expect(race.next(now: 0) == .attempt(v6[0]))
    race.failed()
    #expect(race.next(now: 1) == .attempt(v4[0]))
    race.failed()
    #expect(race.next(now: 2) == .giveUp)
  }
}

@Suite(.virtualTime) struct ConnectionAttemptsTests {
  private let nowhere = SocketAddress("10.9.9.9", port: 80)!

  @Test func `an address that does not answer costs a quarter of a second`() async throws {
    // The handler stays: a connection closed by its server waits for the peer's end, with a timer.
    let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
      try await writer.write("x")
      _ = try await reader.readToEnd()
    }
    let start = EventLoop.current.time
    let handle = try await EventLoop.current.openConnection(
      toFirstOf: [nowhere, server.addresses[0]], named: "example")
    #expect(start.duration(to: EventLoop.current.time) == .milliseconds(252))
    #expect(handle.transport.peer == server.addresses[0])
    // The losing attempt is given up.
    try await sleep(.milliseconds(10))
    #expect(EventLoop.current.statistics.timers == 0)
    handle.transport.close()
    server.close()
    try await server.waitClosed()
    #expect(EventLoop.current.statistics.operationsInFlight == 0)
  }

  @Test func `an address that refuses costs its refusal`() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0) { _, writer in try await writer.write("x") }
    let start = EventLoop.current.time
    let handle = try await EventLoop.current.openConnection(
      toFirstOf: [SocketAddress("127.0.0.1", port: 1)!, server.addresses[0]], named: "example")
    #expect(start.duration(to: EventLoop.current.time) == .milliseconds(4))
    handle.transport.close()
    server.close()
  }

  @Test func `when none answers the last error is thrown`() async throws {
    let error = await #expect(throws: SystemError.self) {
      try await EventLoop.current.openConnection(
        toFirstOf: [SocketAddress("127.0.0.1", port: 1)!, nowhere], named: "example")
    }
    #expect(error?.description == "connect 10.9.9.9:80: no route to host (EHOSTUNREACH)")
  }

  @Test func `cancelling closes every attempt`() async throws {
    let loop = EventLoop.current
    let nowhere = nowhere
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) {
        _ = try await loop.openConnection(toFirstOf: [nowhere, SocketAddress("10.9.9.8", port: 80)!], named: "x")
      }
    }
    try await sleep(.seconds(10))
    #expect(loop.statistics.operationsInFlight == 0)
  }
}
