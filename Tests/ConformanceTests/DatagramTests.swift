// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Datagrams", .timeLimit(.minutes(1))) struct DatagramTests {
  static let loopbacks = ["127.0.0.1", "::1"]

  @Test(arguments: BackendKind.conforming, loopbacks)
  func `go there and back between sockets that have no peer`(backend: BackendKind, host: String) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: host, port: 0)
      let client = try await DatagramSocket.bind(host: host, port: 0)
      #expect(server.port != 0 && server.port != client.port)
      #expect(server.localAddress.host == host && server.peerAddress == nil)
      try await client.send("ping", to: server.localAddress)
      let question = try await server.receive()
      #expect(question.bytes == Array("ping".utf8))
      #expect(question.peer == client.localAddress)
      #expect(!question.isTruncated && question.envelope.destination == nil)
      try await server.send("pong", to: question.peer)
      let answer = try await client.receive()
      #expect(answer.bytes == Array("pong".utf8))
      #expect(answer.peer == server.localAddress)
      server.close()
      client.close()
      try await server.waitClosed()
      try await client.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `keep their boundaries, empty ones and the longest too`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      for length in [0, 1, 0, 0, 1500, 9000, 65_507, 0, 3] {
        let sent = pattern(length, seed: UInt64(length))
        try await client.send(sent)
        let datagram = try await server.receive()
        expectSame(datagram.bytes, sent)
        #expect(!datagram.isTruncated)
      }
      #expect(server.statistics.received == 9 && server.statistics.bytesReceived == 76_011)
      #expect(client.statistics.sent == 9 && client.statistics.bytesSent == 76_011)
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `reach a connected socket from its peer only`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let peer = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let stranger = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(host: "127.0.0.1", port: peer.port)
      #expect(client.peerAddress == peer.localAddress)
      #expect(client.localAddress.host == "127.0.0.1")
      try await stranger.send("from nobody", to: client.localAddress)
      try await peer.send("from the peer", to: client.localAddress)
      #expect(try await client.receive().bytes == Array("from the peer".utf8))
      #expect(client.statistics.received == 1)
      for socket in [peer, stranger, client] { socket.close() }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `come as a sequence, which ends with the socket`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      let receiving = Task {
        var received: [String] = []
        for try await datagram in server {
          received.append(String(decoding: datagram.bytes, as: UTF8.self))
          if received.count == 3 { server.close() }
        }
        return received
      }
      for word in ["one", "two", "three"] { try await client.send(word) }
      #expect(try await receiving.value == ["one", "two", "three"])
      try await server.waitClosed()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `are received into the caller's memory, as much as it wants`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      var buffer: [UInt8] = [9, 9, 9]
      try await client.send([1, 2, 3, 4, 5])
      let cut = try await server.receive(into: &buffer, upTo: 2)
      #expect(buffer == [1, 2] && cut.isTruncated && cut.peer == client.localAddress)
      try await client.send([6, 7])
      let whole = try await server.receive(into: &buffer)
      #expect(buffer == [6, 7] && !whole.isTruncated)
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `of one sender all arrive, in order and unharmed: 10,000 of them`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      let sending = Task {
        var checksum: UInt64 = 0
        for number in 0..<10_000 {
          let bytes = pattern(40 + number % 200, seed: UInt64(number))
          checksum &+= DatagramTests.checksum(bytes) &* UInt64(number + 1)
          try await client.send(bytes)
          // The kernel's buffer holds some hundred; the loop's turns empty it.
          if number % 64 == 63 { _ = try await client.receive() }
        }
        return checksum
      }
      var checksum: UInt64 = 0
      for number in 0..<10_000 {
        let datagram = try await server.receive()
        checksum &+= DatagramTests.checksum(datagram.bytes) &* UInt64(number + 1)
        if number % 64 == 63 { try await server.send([], to: datagram.peer) }
      }
      #expect(try await sending.value == checksum)
      #expect(server.statistics.received == 10_000 && server.statistics.dropped == 0)
      server.close()
      client.close()
    }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  @Test(arguments: BackendKind.conforming, loopbacks)
  func `say where they were sent to, if asked`(backend: BackendKind, host: String) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.receivesDestination = true
      let everywhere = host == "::1" ? "::" : "0.0.0.0"
      let server = try await DatagramSocket.bind(host: everywhere, port: 0, options: options)
      let client = try await DatagramSocket.bind(host: host, port: 0)
      try await client.send("x", to: SocketAddress(host, port: server.port)!)
      let envelope = try await server.receive().envelope
      #expect(envelope.destination == SocketAddress(host, port: server.port))
      #expect(envelope.interface == .loopback)
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `are taken by a callback, without a task`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      let log = Log()
      let transport = server.transport
      transport.take(
        by: { bytes, peer in
          log.append("\(String(decoding: bytes, as: UTF8.self)) \(peer == client.localAddress)")
          _ = try? transport.trySend(bytes, to: peer)
        }, onError: { log.append("\($0)") })
      try await client.send("one")
      try await client.send("two")
      #expect(try await client.receive().bytes == Array("one".utf8))
      #expect(try await client.receive().bytes == Array("two".utf8))
      #expect(log.entries == ["one true", "two true"])
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `work from a thread that is not the loop's`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      let elsewhere = Elsewhere()
      try await elsewhere.exchange(client, server)
      client.close()
      server.close()
    }
  }
}

/// An actor whose tasks run on a thread of Dispatch.
private actor Elsewhere {
  private let executor = QueueExecutor()
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  func exchange(_ client: DatagramSocket, _ server: DatagramSocket) async throws {
    try await client.send("hello")
    var buffer: [UInt8] = []
    let envelope = try await server.receive(into: &buffer)
    #expect(buffer == Array("hello".utf8))
    var batch = DatagramBatch()
    batch.append([1], to: envelope.peer)
    batch.append([2], to: envelope.peer)
    try await server.send(&batch)
    #expect(batch.isEmpty)
    #expect(try await client.receive().bytes == [1])
    try await client.receive(into: &batch)
    #expect(batch.map { Array($0.bytes) } == [[2]])
  }
}
