// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Passed descriptors", .serialized, .timeLimit(.minutes(1))) struct DescriptorPassingTests {
  @Test(arguments: BackendKind.ofAKernel)
  func `descriptors arrive in their order, close-on-exec, and bytes in theirs`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      var pipes: [(reading: Int32, writing: Int32)] = []
      for _ in 0..<5 {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        pipes.append((ends[0], ends[1]))
      }
      try await near.write("before\n")
      try await near.send(descriptors: pipes[..<3].map(\.writing), with: Array("three\n".utf8))
      try await near.send(descriptors: pipes[3...].map(\.writing), with: Array("two\n".utf8))
      try await near.write("after\n")
      for pipe in pipes { Glibc.close(pipe.writing) }
      for (index, pipe) in pipes.enumerated() {
        let descriptor = try await far.receiveDescriptor()
        #expect(fcntl(descriptor.number, F_GETFD) & FD_CLOEXEC != 0)
        write("\(index)", to: descriptor.number)
        #expect(readText(from: pipe.reading) == "\(index)")
      }
      // They were closed with their owners.
      for pipe in pipes {
        #expect(readText(from: pipe.reading) == "")
        Glibc.close(pipe.reading)
      }
      for line in ["before", "three", "two", "after"] { #expect(try await far.readLine() == line) }
      try await near.close()
      await #expect(throws: IncompleteReadError.self) { _ = try await far.receiveDescriptor().take() }
      try await far.close()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `descriptors are kept while bytes are read, and closed with the stream`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      let reading = Task {
        try await far.expectDescriptors()
        return try await far.readLine()
      }
      try await turns { far.waitsToRead }
      try await near.send(descriptors: [ends[1], ends[1]], with: Array("with a line\n".utf8))
      #expect(try await reading.value == "with a line")
      let first = try await far.receiveDescriptor()
      write("x", to: first.number)
      #expect(readText(from: ends[0]) == "x")
      Glibc.close(ends[1])
      try await far.close()
      try await near.close()
      withExtendedLifetime(far) {}
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a large message goes with its descriptor`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let bytes = pattern(2_000_000)
      let (near, far) = try await ByteStream.pair()
      let sending = Task {
        try await near.write(bytes)
        try await near.send(descriptors: [0], with: bytes)
        try await near.writeEOF()
      }
      try await far.expectDescriptors()
      expectSame(try await far.readToEnd(), bytes + bytes)
      _ = try await far.receiveDescriptor().number
      try await sending.value
      near.abort()
      far.abort()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a cancelled wait loses no descriptor`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      let waiting = Task { try await far.receiveDescriptor().take() }
      try await turns { far.waitsToRead }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      try await near.send(descriptors: [0], with: [1])
      let descriptor = try await far.receiveDescriptor()
      #expect(fcntl(descriptor.number, F_GETFD) & FD_CLOEXEC != 0)
      near.abort()
      far.abort()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `other streams pass no descriptors`(backend: BackendKind) async throws {
    try await StreamCase(backend, .tcp).withStreams { near, _ in
      await #expect(throws: SystemError.self) { try await near.send(descriptors: [0], with: [1]) }
      let error = await #expect(throws: SystemError.self) { try await near.expectDescriptors() }
      #expect(error?.code.name == "EOPNOTSUPP" || error?.code.name == "ENOTSUP")
      #expect(near.peerCredentials == nil)
    }
  }

  @Test func `descriptors without room are closed, and it is told`() throws {
    let pair = SocketPair()
    for (capacity, expected) in [(1, 1), (2, 2), (0, 0)] {
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      let passed = [Int32](repeating: ends[1], count: 3)
      let sent = [UInt8(1)].withUnsafeBytes { SystemCall.send($0, descriptors: passed, to: pair.near) }
      #expect(sent == 1)
      var room = [UInt8](repeating: 0, count: 10)
      let (result, received) = room.withUnsafeMutableBytes {
        SystemCall.receive(into: $0, capacity: capacity, from: pair.far)
      }
      #expect(result == 1)
      #expect(received.areTruncated)
      #expect(received.numbers.count == expected)
      // Its end comes only when no copy of the other end is open, lost ones included.
      for number in received.numbers + [ends[1]] { close(number) }
      #expect(readText(from: ends[0]) == "")
      close(ends[0])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `the peer's credentials are the process's own`(backend: BackendKind) async throws {
    try await StreamCase(backend, .unix).withStreams { near, far in
      for stream in [near, far] {
        #expect(stream.peerCredentials?.processID == getpid())
        #expect(stream.peerCredentials?.userID == getuid())
        #expect(stream.peerCredentials?.groupID == getgid())
      }
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `Python's socket module passes descriptors both ways`(backend: BackendKind) async throws {
    let name = "asyncio-\(UInt64.random(in: 0 ... .max))"
    let child = try await withEventLoop(backend: backend) {
      let connected = Future<ByteStream>()
      let server = try await startServer(at: .address(SocketAddress(abstractName: name)!)) { stream in
        connected.setResult(stream)
      }
      let child = try TestProgram("python3", ["-c", Self.script, name])
      let stream = try await connected.value
      #expect(stream.peerCredentials?.processID == child.id)

      // From the other program to us: two pipes that we read.
      let first = try await stream.receiveDescriptor()
      let second = try await stream.receiveDescriptor()
      #expect(try await stream.readLine() == "two pipes")
      write("first", to: first.number)
      write("second", to: second.number)
      #expect(try await stream.readLine() == "got first and second")

      // From us to the other program: a pipe that it writes to.
      let (reader, writer) = try await makePipe()
      try await stream.send(descriptors: [writer.descriptorForTests], with: Array("a pipe\n".utf8))
      try await writer.close()
      #expect(try await reader.readToEnd() == Array("from Python: a pipe".utf8))
      try await stream.close()
      server.close()
      return child
    }
    #expect(await onThread { child.wait() } == 0)
  }

  private static let script = """
    import os, socket, sys
    s = socket.socket(socket.AF_UNIX)
    s.connect("\\0" + sys.argv[1])
    pipes = [os.pipe(), os.pipe()]
    socket.send_fds(s, [b"two ", b"pipes\\n"], [end for _, end in pipes])
    for _, end in pipes:
        os.close(end)
    texts = [os.read(end, 100).decode() for end, _ in pipes]
    s.sendall(f"got {texts[0]} and {texts[1]}\\n".encode())
    data, descriptors, flags, _ = socket.recv_fds(s, 100, 4)
    assert len(descriptors) == 1 and not flags & socket.MSG_CTRUNC
    os.write(descriptors[0], b"from Python: " + data.strip())
    os.close(descriptors[0])
    assert s.recv(1) == b""
    """
}
