// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Unix sockets", .timeLimit(.minutes(1))) struct UnixTests {
  @Test(arguments: BackendKind.conforming, [true, false])
  func `carry bytes both ways, and half-close`(backend: BackendKind, isAbstract: Bool) async throws {
    let folder = try TemporaryFolder()
    try await withEventLoop(backend: backend) {
      let address =
        isAbstract
        ? SocketAddress(abstractName: "asyncio-test-\(folder.name)")! : SocketAddress(unixPath: folder.path("socket"))!
      let server = try await startServer(at: .address(address)) { reader, writer in
        #expect(writer.localAddress == address)
        #expect(writer.peerAddress?.family == .unix)
        let bytes = try await reader.readToEnd()
        try await writer.write(bytes)
        try await writer.close()
      }
      #expect(server.addresses == [address])
      let (reader, writer) = try await openConnection(to: address)
      #expect(writer.peerAddress == address)
      let sent = pattern(1_000_000)
      try await writer.write(sent)
      try await writer.writeEOF()
      expectSame(try await reader.readToEnd(), sent)
      try await writer.close()
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `refuse where nobody listens`(backend: BackendKind) async throws {
    let folder = try TemporaryFolder()
    try await withEventLoop(backend: backend) {
      let path = folder.path("nobody")
      let error = await #expect(throws: SystemError.self) { try await openUnixConnection(path: path) }
      #expect(error?.description == "connect \(path): no such file or directory (ENOENT)")
      let abstract = SocketAddress(abstractName: "asyncio-test-\(folder.name)")!
      let refused = await #expect(throws: SystemError.self) { try await openConnection(to: abstract) }
      #expect(refused?.description == "connect @asyncio-test-\(folder.name): connection refused (ECONNREFUSED)")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `refuse a path that is taken`(backend: BackendKind) async throws {
    let folder = try TemporaryFolder()
    try await withEventLoop(backend: backend) {
      let path = folder.path("socket")
      let server = try await startUnixServer(path: path) { _, writer in try await writer.write("first") }
      let error = await #expect(throws: SystemError.self) { try await startUnixServer(path: path) { _, _ in } }
      #expect(error?.code == .addressInUse)
      let (reader, writer) = try await openUnixConnection(path: path)
      #expect(try await reader.readToEnd() == Array("first".utf8))
      try await writer.close()
      server.close()
      try await server.waitClosed()
      let again = try await startUnixServer(path: path) { _, _ in }
      again.close()
      try await again.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming.filter { $0 != .virtual })
  func `leave no file behind, and take over what others left`(backend: BackendKind) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("socket")
    // The file of a server that ended without closing.
    let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let (storage, length) = SocketAddress(unixPath: path)!.storage
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(left, $0, length) }
    }
    close(left)
    #expect(access(path, F_OK) == 0)
    try await withEventLoop(backend: backend) {
      let server = try await startUnixServer(path: path) { _, _ in }
      #expect(access(path, F_OK) == 0)
      server.close()
      try await server.waitClosed()
      #expect(access(path, F_OK) != 0)

      // A file of another kind stays.
      let file = open(path, O_CREAT | O_WRONLY, 0o600)
      close(file)
      let error = await #expect(throws: SystemError.self) { try await startUnixServer(path: path) { _, _ in } }
      #expect(error?.code == .addressInUse)
      #expect(access(path, F_OK) == 0)
      unlink(path)

      // A file that another server has put there since stays too.
      let first = try await startUnixServer(path: path) { _, _ in }
      unlink(path)
      let second = try await startUnixServer(path: path) { _, _ in }
      first.close()
      try await first.waitClosed()
      #expect(access(path, F_OK) == 0)
      second.close()
      try await second.waitClosed()
    }
  }

  @Test func `have names of limited length`() async throws {
    #expect(SocketAddress(unixPath: "") == nil)
    #expect(SocketAddress(unixPath: "a\0b") == nil)
    #expect(SocketAddress(unixPath: String(repeating: "x", count: 107)) != nil)
    #expect(SocketAddress(unixPath: String(repeating: "x", count: 108)) == nil)
    let long = String(repeating: "x", count: 108)
    let error = await #expect(throws: SystemError.self) { try await openUnixConnection(path: long) }
    #expect(error?.code == .nameTooLong)
    #expect("\(SocketAddress(unixPath: "/run/app.sock")!)" == "/run/app.sock")
    #expect("\(SocketAddress(abstractName: "app")!)" == "@app")
    for address in [SocketAddress(unixPath: "/run/app.sock")!, SocketAddress(abstractName: "a\0b")!] {
      let (storage, length) = address.storage
      #expect(SocketAddress(storage, length: length) == address)
    }
  }
}
