// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import Testing

@testable import AsyncIOTesting

@Suite("Datagrams of a virtual network", .virtualTime) struct VirtualDatagramTests {
  private func change(_ body: (inout VirtualNetwork) -> Void) throws {
    let backend = try #require(EventLoop.current.backend as? VirtualBackend)
    body(&backend.network)
  }

  @Test func `hosts reach each other after the latency`() async throws {
    let dns = VirtualNetwork.host("dns")
    let server = try await DatagramSocket.bind(host: "dns", port: 53)
    #expect(server.localAddress.host == dns.host)
    let client = try await DatagramSocket.connect(host: "dns", port: 53)
    let start = EventLoop.current.time
    try await client.send("question")
    let question = try await server.receive()
    #expect(question.peer == client.localAddress && client.localAddress.host == "10.0.0.1")
    try await server.send("answer", to: question.peer)
    #expect(try await client.receive().bytes == Array("answer".utf8))
    #expect(start.duration(to: EventLoop.current.time) == .milliseconds(2))
    server.close()
    client.close()
  }

  @Test func `a host that is not there is unreachable after three seconds`() async throws {
    let client = try await DatagramSocket.connect(to: SocketAddress("10.9.9.9", port: 53)!)
    let start = EventLoop.current.time
    try await client.send("anybody?")
    let error = await #expect(throws: SystemError.self) { try await client.receive() }
    #expect(error?.code == .hostUnreachable)
    #expect(start.duration(to: EventLoop.current.time) == .seconds(3))
    client.close()
  }

  @Test func `datagrams are lost doubled and reordered as the hook says`() async throws {
    let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
    let client = try await DatagramSocket.connect(to: server.localAddress)
    try change { network in
      var number = 0
      network.delaysOfDatagram = { from, to, length in
        #expect(from == client.localAddress && to == server.localAddress && length == 1)
        number += 1
        return switch number {
        case 1: [3_000_000]
        case 2: []
        case 3: [1_000_000, 2_000_000]
        default: [1_000_000]
        }
      }
    }
    for number: UInt8 in 1...4 { try await client.send([number]) }
    var received: [UInt8] = []
    for _ in 0..<4 { received += try await server.receive().bytes }
    #expect(received == [3, 4, 3, 1])
    server.close()
    client.close()
  }

  @Test func `a full receive buffer drops the newest`() async throws {
    var options = DatagramOptions()
    options.receiveBuffer = 10_000
    options.queueLimit = 1
    let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
    let client = try await DatagramSocket.connect(to: server.localAddress)
    for number in 0..<100 { try await client.send([UInt8(number)] + [UInt8](repeating: 0, count: 499)) }
    try await sleep(.seconds(1))
    // The buffer has 20,000 bytes, since Linux doubles the request; a datagram takes 500 and 512 besides.
    for number in 0..<20 { #expect(try await server.receive().bytes[0] == UInt8(number)) }
    try await client.send([200])
    #expect(try await server.receive().bytes == [200])
    #expect(server.statistics.dropped == 80)
    server.close()
    client.close()
  }

  @Test func `a socket that shares a port gets the datagrams of one sender always or never`() async throws {
    var options = DatagramOptions()
    options.reusePort = true
    let first = try await DatagramSocket.bind(host: "127.0.0.1", port: 7000, options: options)
    let second = try await DatagramSocket.bind(host: "127.0.0.1", port: 7000, options: options)
    for _ in 0..<4 {
      let client = try await DatagramSocket.connect(to: first.localAddress)
      for _ in 0..<5 { try await client.send("x") }
      client.close()
    }
    try await sleep(.seconds(1))
    #expect(first.statistics.received == 10 && second.statistics.received == 10)
    first.close()
    second.close()
  }

  @Test func `a task that waits for a datagram is seen`() async throws {
    let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 9000)
    let receiving = Task { try await socket.receive() }
    await Task.yield()
    let waiting = EventLoop.current.waitingTasks()
    #expect(waiting.contains { "\($0)".contains("receive from 127.0.0.1:9000") })
    receiving.cancel()
    socket.close()
  }
}
