// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Unix datagrams", .timeLimit(.minutes(1))) struct UnixDatagramTests {
  @Test(arguments: BackendKind.conforming, [true, false])
  func `go there and back, by path and by abstract name`(backend: BackendKind, isAbstract: Bool) async throws {
    let folder = try TemporaryFolder()
    try await withEventLoop(backend: backend) {
      func address(_ name: String) -> SocketAddress {
        isAbstract
          ? SocketAddress(abstractName: "asyncio-test-\(folder.name)-\(name)")!
          : SocketAddress(unixPath: folder.path(name))!
      }
      let server = try await DatagramSocket.bind(to: address("server"))
      #expect(server.localAddress == address("server") && server.port == 0)
      let client = try await DatagramSocket.connect(to: address("server"), from: address("client"))
      try await client.send("ping")
      let question = try await server.receive()
      #expect(question.bytes == Array("ping".utf8) && question.peer == address("client"))
      try await server.send("pong", to: question.peer)
      #expect(try await client.receive().bytes == Array("pong".utf8))
      let nameless = try await DatagramSocket.connect(to: address("server"))
      try await nameless.send("who?")
      #expect(try await server.receive().peer.description == "an unnamed Unix socket")
      for socket in [server, client, nameless] {
        socket.close()
        try await socket.waitClosed()
      }
      #expect(access(folder.path("server"), F_OK) != 0 && access(folder.path("client"), F_OK) != 0)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `that are longer than a frame are cut off, and say so`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let name = SocketAddress(abstractName: "asyncio-test-\(getpid())-\(backend)-long")!
      let server = try await DatagramSocket.bind(to: name)
      let client = try await DatagramSocket.connect(to: name)
      let sent = pattern(100_000)
      try await client.send(sent)
      let datagram = try await server.receive()
      #expect(datagram.isTruncated && datagram.bytes.count >= 65_536 && datagram.bytes.count < 100_000)
      expectSame(datagram.bytes, Array(sent.prefix(datagram.bytes.count)))
      #expect(server.statistics.truncated == 1)
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming, [true, false])
  func `make their sender wait while the receiver is full`(backend: BackendKind, isConnected: Bool) async throws {
    try await withEventLoop(backend: backend) {
      let name = SocketAddress(abstractName: "asyncio-test-\(getpid())-\(backend)-full-\(isConnected)")!
      let own = SocketAddress(abstractName: "asyncio-test-\(getpid())-\(backend)-sender-\(isConnected)")!
      var options = DatagramOptions()
      options.queueLimit = 500
      let server = try await DatagramSocket.bind(to: name, options: options)
      let client =
        isConnected
        ? try await DatagramSocket.connect(to: name, from: own) : try await DatagramSocket.bind(to: own)
      let sending = Task {
        for number in 0..<2000 {
          let bytes = [UInt8(number & 255), UInt8(number >> 8)]
          if isConnected { try await client.send(bytes) } else { try await client.send(bytes, to: name) }
        }
      }
      // Until it is stuck.
      try await turns {
        let before = client.statistics.sent
        try await sleep(.milliseconds(5))
        return before > 0 && client.statistics.sent == before
      }
      #expect(client.statistics.sent < 2000)
      for number in 0..<2000 {
        #expect(try await server.receive().bytes == [UInt8(number & 255), UInt8(number >> 8)])
      }
      try await sending.value
      #expect(server.statistics.received == 2000)
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `of a sender that was cancelled or closed while it waited were not sent`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let name = SocketAddress(abstractName: "asyncio-test-\(getpid())-\(backend)-cancelled")!
      var options = DatagramOptions()
      options.queueLimit = 1
      let server = try await DatagramSocket.bind(to: name, options: options)
      let client = try await DatagramSocket.connect(to: name)
      func fill() -> Task<Void, any Error> { Task { while true { try await client.send([7]) } } }
      func waitUntilStuck() async throws {
        try await turns {
          let before = client.statistics.sent
          try await sleep(.milliseconds(5))
          return before > 0 && client.statistics.sent == before
        }
      }
      let first = fill()
      try await waitUntilStuck()
      first.cancel()
      await #expect(throws: CancellationError.self) { try await first.value }
      let second = fill()
      try await waitUntilStuck()
      let sent = client.statistics.sent
      client.close()
      await #expect(throws: DatagramError.closed) { try await second.value }
      try await client.waitClosed()
      for _ in 0..<sent { #expect(try await server.receive().bytes == [7]) }
      #expect(server.statistics.received == sent)
      server.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `are refused where nobody listens, and take over what was left behind`(backend: BackendKind) async throws {
    let folder = try TemporaryFolder()
    try await withEventLoop(backend: backend) {
      let path = SocketAddress(unixPath: folder.path("server"))!
      let error = await #expect(throws: SystemError.self) { try await DatagramSocket.connect(to: path) }
      #expect(error?.description == "connect \(path): no such file or directory (ENOENT)")
      let sender = try await DatagramSocket.bind(to: SocketAddress(unixPath: folder.path("client"))!)
      let gone = await #expect(throws: SystemError.self) { try await sender.send([1], to: path) }
      #expect(gone?.description == "send 1 byte to \(path): no such file or directory (ENOENT)")
      sender.close()
      try await sender.waitClosed()
      guard backend != .virtual else { return }
      // The file of a process that ended without closing.
      let left = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      let (storage, length) = path.storage
      withUnsafePointer(to: storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(left, $0, length) }
      }
      let taken = await #expect(throws: SystemError.self) { try await DatagramSocket.bind(to: path) }
      #expect(taken?.code == .addressInUse)
      close(left)
      let server = try await DatagramSocket.bind(to: path)
      server.close()
      try await server.waitClosed()
      #expect(access(folder.path("server"), F_OK) != 0)
    }
  }
}
