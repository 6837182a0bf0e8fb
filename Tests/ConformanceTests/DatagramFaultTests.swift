// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Datagrams when things go wrong", .timeLimit(.minutes(1))) struct DatagramFaultTests {
  /// An address without a socket.
  private static func nobody() async throws -> SocketAddress {
    let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
    defer { socket.close() }
    socket.close()
    try await socket.waitClosed()
    return socket.localAddress
  }

  @Test(arguments: BackendKind.conforming)
  func `a refusal is thrown once to the receiver, and the socket goes on`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let address = try await Self.nobody()
      let client = try await DatagramSocket.connect(to: address)
      try await client.send("anybody?")
      let error = await #expect(throws: SystemError.self) { try await client.receive() }
      #expect(error?.description == "receive from \(address): connection refused (ECONNREFUSED)")
      #expect(client.statistics.errors == 1)
      let server = try await DatagramSocket.bind(to: address)
      try await client.send("now?")
      #expect(try await server.receive().bytes == Array("now?".utf8))
      try await server.send("yes", to: client.localAddress)
      #expect(try await client.receive().bytes == Array("yes".utf8))
      client.close()
      server.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a refusal is thrown to the next sender`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let address = try await Self.nobody()
      let client = try await DatagramSocket.connect(to: address)
      try await client.send("anybody?")
      try await turns { client.statistics.errors == 1 }
      let error = await #expect(throws: SystemError.self) { try await client.send("still?") }
      #expect(error?.code == .connectionRefused)
      #expect(client.statistics.sent == 1)
      try await client.send("still?")
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a refusal does not reach a socket without a peer`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let address = try await Self.nobody()
      let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      try await socket.send("anybody?", to: address)
      try await socket.send("anybody?", to: address)
      try await socket.send("myself", to: socket.localAddress)
      #expect(try await socket.receive().bytes == Array("myself".utf8))
      #expect(socket.statistics.errors == 0)
      socket.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `one that is too long is refused with a sentence`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let bytes = pattern(65_508)
      let error = await #expect(throws: SystemError.self) { try await socket.send(bytes, to: socket.localAddress) }
      #expect(error?.description == "send 65508 bytes to \(socket.localAddress): message too long (EMSGSIZE)")
      #expect(error?.code == .messageTooLong)
      try await socket.send([1], to: socket.localAddress)
      #expect(try await socket.receive().bytes == [1])
      socket.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `without an address there is nowhere to send to`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let error = await #expect(throws: SystemError.self) { try await socket.send([1]) }
      #expect(error?.description == "send 1 byte to nobody: destination address required (EDESTADDRREQ)")
      let broadcast = SocketAddress("255.255.255.255", port: 9)!
      let denied = await #expect(throws: SystemError.self) { try await socket.send([1], to: broadcast) }
      #expect(denied?.code.name == "EACCES")
      socket.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `an address that is taken is refused, and one that is shared is not`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let address = socket.localAddress
      let error = await #expect(throws: SystemError.self) { try await DatagramSocket.bind(to: address) }
      #expect(error?.description == "bind \(address): address already in use (EADDRINUSE)")
      socket.close()
      try await socket.waitClosed()
      var options = DatagramOptions()
      options.reusePort = true
      let first = try await DatagramSocket.bind(to: address, options: options)
      let second = try await DatagramSocket.bind(to: address, options: options)
      first.close()
      second.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `close wakes the receiver, and everything after it says so`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let receiving = (0..<3).map { _ in Task { try await socket.receive() } }
      try await turns { EventLoop.current.waitingTasks().count >= 3 }
      socket.close()
      for task in receiving { await #expect(throws: DatagramError.closed) { try await task.value } }
      socket.close()
      try await socket.waitClosed()
      await #expect(throws: DatagramError.closed) { try await socket.receive() }
      await #expect(throws: DatagramError.closed) { try await socket.send([1], to: .loopback(port: 9)) }
      await #expect(throws: DatagramError.closed) {
        try await socket.join(group: SocketAddress("224.0.0.251", port: 0)!)
      }
      for try await _ in socket { Issue.record("nothing comes from a socket that is closed") }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a socket that nobody has any more is closed`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let address = try await DatagramSocket.bind(host: "127.0.0.1", port: 0).localAddress
      try await turns {
        do {
          try await DatagramSocket.bind(to: address).close()
          return true
        } catch let error as SystemError where error.code == .addressInUse { return false }
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancelled receive loses nothing`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      var received: [UInt8] = []
      for number in 0..<100 {
        let receiving = Task { try await server.receive().bytes }
        if number % 3 != 0 { try await client.send([UInt8(number)]) }
        if number % 2 == 0 { await Task.yield() }
        receiving.cancel()
        if number % 3 == 0 { try await client.send([UInt8(number)]) }
        if let bytes = try? await receiving.value { received += bytes }
      }
      while received.count < 100 { received += try await server.receive().bytes }
      #expect(received == (0..<100).map { UInt8($0) })
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(.milliseconds(20)) { _ = try await server.receive() }
      }
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `the queue is bounded, and what the kernel drops is counted`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.queueLimit = 10_000
      options.receiveBuffer = 20_000
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      // The loop takes some in each round, and then no more.
      let bytes = pattern(1000)
      for _ in 0..<20 {
        for _ in 0..<100 { try await client.send(bytes) }
        try await sleep(.milliseconds(2))
      }
      let queued = server.statistics.received
      #expect(queued >= 10 && queued < 200)
      // The oldest are there, and the newest were dropped. The number of drops comes with the next datagram that
      // arrives.
      for _ in 0..<queued { #expect(try await server.receive().bytes == bytes) }
      try await turns {
        try await client.send("a later one")
        try await sleep(.milliseconds(1))
        return server.statistics.dropped > 0
      }
      let seen = server.statistics.received + server.statistics.dropped
      #expect(seen > 1900 && seen <= client.statistics.sent)
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a receiver gets on again after its queue was full`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.queueLimit = 2000
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      // 40 at a time fit into the kernel's buffer: none is lost.
      for round in 0..<50 {
        for number in 0..<40 { try await client.send([UInt8(round), UInt8(number)] + pattern(98)) }
        try await sleep(.milliseconds(1))
        for number in 0..<40 {
          let datagram = try await server.receive()
          #expect(Array(datagram.bytes.prefix(2)) == [UInt8(round), UInt8(number)])
        }
      }
      #expect(server.statistics.dropped == 0)
      server.close()
      client.close()
    }
  }
}
