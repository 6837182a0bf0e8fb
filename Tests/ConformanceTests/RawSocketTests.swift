// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Raw sockets", .timeLimit(.minutes(1))) struct RawSocketTests {
  @Test(arguments: BackendKind.ofAKernel)
  func `bytes go there and back, waited for or not`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = SocketPair()
      let (near, far) = (try RawSocket(pair.near), try RawSocket(pair.far))
      try await near.sendAll(Array("hello".utf8))
      #expect(try await far.receive(upTo: 3) == Array("hel".utf8))
      var buffer: [UInt8] = [1, 2, 3]
      #expect(try await far.receive(into: &buffer) == 2)
      #expect(buffer == Array("lo".utf8))
      let waiting = Task { try await near.receive(upTo: 100) }
      for _ in 0..<10 { try await sleep(.zero) }
      try await far.sendAll(Array("back".utf8))
      #expect(try await waiting.value == Array("back".utf8))
      shutdown(pair.far, Int32(SHUT_WR))
      #expect(try await near.receive(upTo: 100) == [])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `megabytes wait for room`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = SocketPair()
      let bytes = pattern(3_000_000)
      let (near, far) = (try RawSocket(pair.near), try RawSocket(pair.far))
      let sending = Task { try await near.sendAll(bytes) }
      var (received, buffer): ([UInt8], [UInt8]) = ([], [])
      while received.count < bytes.count {
        try await far.receive(into: &buffer)
        received += buffer
      }
      try await sending.value
      expectSame(received, bytes)
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a cancelled receive loses nothing`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = SocketPair()
      let near = try RawSocket(pair.near)
      let waiting = Task { try await near.receive(upTo: 100) }
      for _ in 0..<10 { try await sleep(.zero) }
      write("kept", to: pair.far)
      waiting.cancel()
      // Whichever came first, the data or the cancellation, the bytes are somewhere.
      var bytes = try? await waiting.value
      if bytes == nil { bytes = try await near.receive(upTo: 100) }
      #expect(bytes == Array("kept".utf8))
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `connections are made and accepted`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (listener, address) = try listeningSocket()
      defer { close(listener) }
      let listening = try RawSocket(listener)
      let accepting = Task { try await listening.accept() }
      let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      defer { close(client) }
      let connected = try RawSocket(client)
      try await connected.connect(to: address)
      let (accepted, peer) = try await accepting.value
      defer { close(accepted.descriptor) }
      #expect(peer?.host == "127.0.0.1")
      try await connected.sendAll(Array("ping".utf8))
      #expect(try await accepted.receive(upTo: 10) == Array("ping".utf8))
      // Accepted sockets don't block.
      #expect(try RawSocket(accepted.descriptor) == accepted)
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a connection that is refused says to whom`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (listener, address) = try listeningSocket()
      close(listener)
      let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      defer { close(client) }
      let error = await #expect(throws: SystemError.self) { try await RawSocket(client).connect(to: address) }
      #expect(error?.code == .connectionRefused)
      #expect(error?.description.hasPrefix("connect \(address)") == true)
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `datagrams come with their senders`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (first, second) = (try boundDatagramSocket(), try boundDatagramSocket())
      defer {
        close(first.descriptor)
        close(second.descriptor)
      }
      let (near, far) = (try RawSocket(first.descriptor), try RawSocket(second.descriptor))
      let waiting = Task { try await far.receiveFrom() }
      for _ in 0..<10 { try await sleep(.zero) }
      #expect(try await near.send(Array("one".utf8), to: second.address) == 3)
      let (bytes, sender) = try await waiting.value
      #expect(bytes == Array("one".utf8))
      #expect(sender == first.address)
      try await far.send([], to: first.address)
      #expect(try await near.receiveFrom().bytes == [])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a part of a file is sent, and its position moves`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let bytes = pattern(1_000_000)
      let file = try temporaryFile(bytes)
      defer { close(file) }
      let pair = SocketPair()
      let (near, far) = (try RawSocket(pair.near), try RawSocket(pair.far))
      let sending = Task { try await near.sendFile(file, offset: 1000, count: 900_000) }
      var (received, buffer): ([UInt8], [UInt8]) = ([], [])
      while received.count < 900_000 {
        try await far.receive(into: &buffer)
        received += buffer
      }
      #expect(try await sending.value == 900_000)
      expectSame(received, Array(bytes[1000..<901_000]))
      #expect(lseek(file, 0, SEEK_CUR) == 901_000)
      // Up to the end, and beyond it.
      #expect(try await near.sendFile(file, offset: 999_990) == 10)
      #expect(try await near.sendFile(file, offset: 2_000_000) == 0)
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `what is not a file is copied into the socket`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      // A file that sendfile(2) refuses, since it can't be mapped.
      let file = open("/proc/self/comm", O_RDONLY)
      defer { close(file) }
      let pair = SocketPair()
      let sent = try await RawSocket(pair.near).sendFile(file)
      #expect(sent > 1)
      #expect(try await RawSocket(pair.far).receive(upTo: 100).count == sent)
    }
  }

  @Test func `a descriptor that blocks is refused with a sentence`() throws {
    let pair = SocketPair(isBlocking: true)
    let error = #expect(throws: SystemError.self) { try RawSocket(pair.near) }
    #expect(
      error?.description
        == "RawSocket descriptor \(pair.near), which blocks (set O_NONBLOCK first): invalid argument (EINVAL)")
    #expect(throws: SystemError.self) { try RawSocket(-1) }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `an error names the operation and the descriptor`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let counter = eventDescriptor()
      defer { close(counter) }
      let error = await #expect(throws: SystemError.self) { try await RawSocket(counter).receive(upTo: 1) }
      #expect(error?.description.hasPrefix("receive descriptor \(counter): ") == true)
    }
  }
}

private func listeningSocket() throws -> (Int32, SocketAddress) {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
  let address = bindToLoopback(listener)
  try #require(listen(listener, 5) == 0)
  return (listener, address)
}

private func boundDatagramSocket() throws -> (descriptor: Int32, address: SocketAddress) {
  let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
  try #require(descriptor >= 0)
  return (descriptor, bindToLoopback(descriptor))
}

private func bindToLoopback(_ descriptor: Int32) -> SocketAddress {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  precondition(inet_pton(AF_INET, "127.0.0.1", &address.sin_addr) == 1)
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      precondition(bind(descriptor, $0, length) == 0, "bind: errno \(errno)")
      precondition(getsockname(descriptor, $0, &length) == 0, "getsockname: errno \(errno)")
    }
  }
  return .loopback(port: UInt16(bigEndian: address.sin_port))
}

/// A file without a name.
private func temporaryFile(_ bytes: [UInt8]) throws -> Int32 {
  let path = "/tmp/asyncio-\(UInt64.random(in: 0 ... .max))"
  let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
  try #require(file >= 0)
  unlink(path)
  try #require(write(file, bytes, bytes.count) == bytes.count)
  return file
}
