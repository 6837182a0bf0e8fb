// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Batches of datagrams", .timeLimit(.minutes(1))) struct DatagramBatchTests {
  @Test(arguments: BackendKind.conforming, [true, false])
  func `leave and arrive whole, each with its peer`(backend: BackendKind, coalesces: Bool) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.coalesces = coalesces
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      let first = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      let second = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      var sent: [[UInt8]] = []
      var batch = DatagramBatch()
      // Rows of one length with a shorter end, single ones, empty ones: everything that may be cut and joined.
      for (count, length) in [(20, 100), (1, 60), (1, 0), (1, 1), (30, 100), (2, 100), (1, 99), (5, 101), (1, 0)] {
        for _ in 0..<count {
          sent.append(pattern(length, seed: UInt64(sent.count)))
          batch.append(sent[sent.count - 1], to: server.localAddress)
        }
      }
      let total = sent.count
      #expect(batch.count == total)
      try await first.send(&batch)
      #expect(batch.isEmpty)
      var received: [[UInt8]] = []
      while received.count < total {
        try await server.receive(into: &batch)
        for datagram in batch {
          #expect(datagram.peer == first.localAddress && !datagram.isTruncated)
          received.append(Array(datagram.bytes))
        }
      }
      #expect(received == sent)
      // One batch to several destinations.
      batch.removeAll()
      for number in 0..<50 { batch.append([UInt8(number)], to: (number % 2 == 0 ? first : second).localAddress) }
      try await server.send(&batch)
      for number in 0..<50 {
        #expect(try await (number % 2 == 0 ? first : second).receive().bytes == [UInt8(number)])
      }
      for socket in [server, first, second] { socket.close() }
    }
  }

  @Test(arguments: DatagramExchangeTests.backends)
  func `of one length are one piece of work for the kernel on both sides`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.coalesces = true
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      var batch = DatagramBatch()
      for number in 0..<200 { batch.append(pattern(100, seed: UInt64(number))) }
      let before = EventLoop.current.statistics.completions
      try await client.send(&batch)
      try await turns { server.statistics.received == 200 }
      // Rows of 64; turns that only wait have no completions of their own.
      #expect(EventLoop.current.statistics.completions - before < 20)
      for number in 0..<200 { #expect(try await server.receive().bytes == pattern(100, seed: UInt64(number))) }
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `give what was asked for and keep the rest`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      for number in 0..<10 { try await client.send([UInt8(number)]) }
      try await turns { server.statistics.received == 10 }
      var batch = DatagramBatch()
      #expect(try await server.receive(into: &batch, upTo: 3) == 3)
      #expect(batch.map { Array($0.bytes) } == [[0], [1], [2]])
      #expect(try await server.receive().bytes == [3])
      #expect(try await server.receive(into: &batch) == 6)
      #expect(batch.map { Array($0.bytes) } == [[4], [5], [6], [7], [8], [9]])
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `stop at a datagram that can't be sent, which is then the first`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      var batch = DatagramBatch()
      batch.append([1])
      batch.append([2])
      batch.append(pattern(70_000))
      batch.append([3])
      let error: SystemError?
      do {
        try await client.send(&batch)
        error = nil
      } catch let failure as SystemError { error = failure }
      #expect(error?.description == "send 70000 bytes to \(server.localAddress): message too long (EMSGSIZE)")
      #expect(batch.count == 2 && batch[0].bytes.count == 70_000)
      batch.removeAll()
      batch.append([3])
      try await client.send(&batch)
      for number: UInt8 in [1, 2, 3] { #expect(try await server.receive().bytes == [number]) }
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `of rows longer than the path takes whole leave one by one`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let client = try await DatagramSocket.connect(to: server.localAddress)
      // Longer than loopback cuts without fragments: two of these are not a row, while datagrams of 32,000 bytes are.
      for length in [32_000, 40_000, 32_700] {
        var batch = DatagramBatch()
        for number in 0..<3 { batch.append(pattern(length, seed: UInt64(number))) }
        try await client.send(&batch)
        for number in 0..<3 { expectSame(try await server.receive().bytes, pattern(length, seed: UInt64(number))) }
      }
      server.close()
      client.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `carry 10,000 senders over one socket`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.receiveBuffer = 4 * 1024 * 1024
      let collector = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      let senders = 10_000
      let sending = Task {
        for number in 0..<senders {
          // One socket after another: no machine has so many descriptors to spare.
          let sensor = try await DatagramSocket.connect(to: collector.localAddress)
          try await sensor.send("sensor \(number)")
          #expect(try await sensor.receive().bytes == [6])
          sensor.close()
          try await sensor.waitClosed()
        }
      }
      var batch = DatagramBatch()
      var seen = Set<String>()
      while seen.count < senders {
        try await collector.receive(into: &batch)
        var answers = DatagramBatch()
        for datagram in batch {
          seen.insert(String(decoding: datagram.bytes, as: UTF8.self))
          answers.append([6], to: datagram.peer)
        }
        try await collector.send(&answers)
      }
      try await sending.value
      #expect(seen.contains("sensor 0") && seen.contains("sensor 9999") && collector.statistics.dropped == 0)
      collector.close()
    }
  }
}
