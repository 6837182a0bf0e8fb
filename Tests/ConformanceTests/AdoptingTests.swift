// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc
import Testing

@testable import AsyncIO

/// A descriptor that can't become a stream is refused, and stays unchanged.
@Suite("Adopted descriptors", .timeLimit(.minutes(1))) struct AdoptingTests {
  enum Kind: String, CaseIterable, Sendable {
    case datagrams, packets

    var type: Int32 { Int32(self == .datagrams ? SOCK_DGRAM.rawValue : SOCK_SEQPACKET.rawValue) }
  }

  @Test(
    arguments: BackendKind.ofAKernel,
    Kind.allCases)
  func `a socket of messages is not a stream, and loses nothing`(backend: BackendKind, kind: Kind) async throws {
    try await withEventLoop(backend: backend) {
      // Blocking for epoll, which would change it, and not for io_uring.
      for flag in [0, Int32(SOCK_NONBLOCK.rawValue)] {
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, kind.type | flag, 0, &ends) == 0)
        let flags = fcntl(ends[0], F_GETFL)
        #expect(write(ends[1], "a whole message", 15) == 15)
        let number = ends[0]
        for adopt in Self.adoptions {
          let error = await #expect(throws: SystemError.self) { try await adopt(number) }
          #expect(error?.code == .wrongType)
          #expect(error?.description.contains("descriptor \(number)") == true)
        }
        #expect(fcntl(ends[0], F_GETFL) == flags)
        #expect(readText(from: ends[0]) == "a whole message")
        for end in ends { close(end) }
      }
    }
  }

  private static let adoptions: [@Sendable (Int32) async throws -> Void] = [
    { _ = try await ByteStream.adopting($0) },
    { _ = try await StreamReader.adopting($0) },
    { _ = try await StreamWriter.adopting($0) },
    { number in
      try await startServer(at: .sockets([ListeningSocket(descriptor: number)])) { _ in }.close()
    },
  ]

  @Test(arguments: BackendKind.ofAKernel)
  func `a listening socket of packets serves no streams, and is left alone`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let stream = try EventLoop.current.sockets.listen(at: .loopback(port: 0), options: ListenOptions())
      let packets = socket(AF_UNIX, Kind.packets.type, 0)
      // Without a name it gets an automatic one (autobind in unix(7)).
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(packets, $0, 2) }
      }
      #expect(result == 0 && listen(packets, 5) == 0)
      let flags = [stream, packets].map { fcntl($0, F_GETFL) }
      let error = await #expect(throws: SystemError.self) {
        try await startServer(at: .sockets([stream, packets].map { ListeningSocket(descriptor: $0) })) { _ in }
      }
      #expect(error?.code == .wrongType)
      #expect([stream, packets].map { fcntl($0, F_GETFL) } == flags)
      await #expect(throws: SystemError.self) { try await ByteStream.adopting(stream) }
      #expect(fcntl(stream, F_GETFL) == flags[0])
      EventLoop.current.backend.close(descriptor: stream)
      close(packets)
    }
  }

  @Test(.virtualTime) func `a socket of datagrams is not a stream on a virtual network either`() async throws {
    let (backend, sockets) = (EventLoop.current.backend, EventLoop.current.sockets)
    let number = try sockets.openDatagramSocket(at: .loopback(port: 0), connectedTo: nil, options: [])
    let error = await #expect(throws: SystemError.self) { try await ByteStream.adopting(number) }
    #expect(error?.code == .wrongType)
    backend.close(descriptor: number)
  }
}
