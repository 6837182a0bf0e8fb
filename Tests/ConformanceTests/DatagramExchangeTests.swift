// SPDX-License-Identifier: Apache-2.0
// Exchange with other implementations: Python's sockets, its asyncio, and socat. Each is told which port to use, or
// chooses one and prints it.

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Datagrams to and from others", .timeLimit(.minutes(1)))
struct DatagramExchangeTests {
  /// The backends with a kernel.
  static let backends = JobOrderTests.ordered

  private static let echo = """
    import asyncio
    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport): self.transport = transport
        def datagram_received(self, data, peer): self.transport.sendto(data[::-1], peer)
    async def main():
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
        print(transport.get_extra_info("sockname")[1], flush=True)
        await asyncio.sleep(60)
    asyncio.run(main())
    """

  @Test(arguments: backends)
  func `a datagram endpoint of Python's asyncio answers`(backend: BackendKind) async throws {
    guard let python = try TestProgram.installed("python3", ["-c", Self.echo]) else { return }
    defer { python.stop() }
    let port = try #require(UInt16(await python.line()))
    try await withEventLoop(backend: backend) {
      let socket = try await DatagramSocket.connect(to: .loopback(port: port))
      for length in [1, 1000, 65_507] {  // asyncio sends no empty ones before Python 3.13
        let sent = pattern(length)
        try await socket.send(sent)
        expectSame(try await socket.receive().bytes, Array(sent.reversed()))
      }
      let unconnected = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      var batch = DatagramBatch()
      for number in 0..<64 { batch.append([UInt8(number), 0xff], to: .loopback(port: port)) }
      try await unconnected.send(&batch)
      for number in 0..<64 {
        let datagram = try await unconnected.receive()
        #expect(datagram.bytes == [0xff, UInt8(number)] && datagram.peer == .loopback(port: port))
      }
      socket.close()
      unconnected.close()
    }
  }

  private static let asking = """
    import socket, sys
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(30)
    total = 0
    for number in range(1000):
        question = bytes([number % 256]) * (number % 1400)
        one.sendto(question, ("127.0.0.1", int(sys.argv[1])))
        answer, peer = one.recvfrom(65536)
        assert answer == question[::-1] and peer == ("127.0.0.1", int(sys.argv[1])), number
        total += len(answer)
    print(total)
    """

  @Test(arguments: backends)
  func `a socket of Python's is answered`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let serving = Task {
        for try await datagram in server { try await server.send(Array(datagram.bytes.reversed()), to: datagram.peer) }
      }
      guard let python = try TestProgram.installed("python3", ["-c", Self.asking, "\(server.port)"]) else { return }
      #expect(await python.line() == "\((0..<1000).reduce(0) { $0 + $1 % 1400 })")
      python.stop()
      server.close()
      try await serving.value
    }
  }

  @Test(arguments: backends)
  func `socat answers, and asks`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      // Its answers come from a port that we have just had.
      let free = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      free.close()
      try await free.waitClosed()
      // Without fork: a forked process would outlive it.
      let listening = "UDP-LISTEN:\(free.port),bind=127.0.0.1"
      guard let socat = try TestProgram.installed("socat", [listening, "PIPE"]) else { return }
      defer { socat.stop() }
      let client = try await DatagramSocket.connect(to: free.localAddress)
      let answer = try await retry(RetryPolicy(attempts: 500, backoff: .constant(.milliseconds(10)))) { _ in
        // Refused until socat listens.
        try await client.send("through socat")
        return try await client.receive()
      }
      #expect(answer.bytes == Array("through socat".utf8))
      client.close()

      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      guard
        let asking = try TestProgram.installed("socat", ["EXEC:echo a line", "UDP-SENDTO:127.0.0.1:\(server.port)"])
      else {
        return
      }
      #expect(try await server.receive().bytes == Array("a line\n".utf8))
      asking.stop()
      server.close()
    }
  }
}
