// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Testing

@Suite("What errors of streams say", .timeLimit(.minutes(1))) struct ErrorTextTests {
  /// The error of a call, in words.
  private func text(_ body: nonisolated(nonsending) () async throws -> Void) async -> String {
    do { try await body() } catch { return "\(error)" }
    return "nothing"
  }

  /// Runs the body with both ends of a connection and the address of the far one.
  private func withConnection(
    _ backend: BackendKind, _ body: @escaping @Sendable (ByteStream, ByteStream, String) async throws -> Void
  ) async throws {
    try await withEventLoop(backend: backend) {
      let accepted = Future<ByteStream>()
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        accepted.setResult(stream)
        try await sleep(.seconds(3600))
      }
      let near = try await ByteStream.connect(host: "127.0.0.1", port: server.port, limit: 16)
      let far = try await accepted.value
      try await body(near, far, "127.0.0.1:\(server.port)")
      near.abort()
      server.close()
      server.abortClients()
      try await server.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `an end that comes too early names the call and the peer`(backend: BackendKind) async throws {
    try await withConnection(backend) { near, far, peer in
      try await far.write("abc")
      try await far.writeEOF()
      let exactly = await text { _ = try await near.readExactly(10) }
      #expect(exactly == "readExactly \(peer): the stream ended after 3 of 10 bytes")
      let until = await text { _ = try await near.readUntil([0x3b]) }
      #expect(until == "readUntil \(peer): the stream ended after 0 bytes, before the separator")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a line that is too long names the call and the peer`(backend: BackendKind) async throws {
    try await withConnection(backend) { near, far, peer in
      try await far.write(String(repeating: "x", count: 30))
      let until = await text { _ = try await near.readUntil([0x3b]) }
      #expect(until.hasPrefix("readUntil \(peer): no end within "))
      let all = await text { _ = try await near.readToEnd(upTo: 4) }
      #expect(all.hasPrefix("readToEnd \(peer): no end within "))
      // Last, since it drops the data that it meets.
      let line = await text { _ = try await near.readLine() }
      #expect(line.hasPrefix("readLine \(peer): no end within ") && line.hasSuffix(" bytes (the limit is 16)"))
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a stream that is aborted under a read, or misused, says so with the peer`(backend: BackendKind) async throws {
    try await withConnection(backend) { near, _, peer in
      let reading = createTask { try await near.readLine() }
      while reading.waitsFor == nil { try await sleep(.zero) }
      let second = await text { _ = try await near.read(upTo: 1) }
      #expect(second == "read \(peer): another task is reading from this stream")
      near.abort()
      let aborted = await text { _ = try await reading.value }
      #expect(aborted == "readLine \(peer): the stream was aborted")
      let late = await text { try await near.write("x") }
      #expect(late == "write \(peer): the stream was aborted")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `each call of a stream that is read elsewhere, lent or over names itself`(backend: BackendKind) async throws {
    try await withConnection(backend) { near, far, peer in
      let reads: [(String, @Sendable (ByteStream) async throws -> Void)] = [
        ("read", { _ = try await $0.read(upTo: 1) }), ("readLine", { _ = try await $0.readLine() }),
        ("readToEnd", { _ = try await $0.readToEnd() }), ("readExactly", { _ = try await $0.readExactly(1) }),
        ("readUntil", { _ = try await $0.readUntil([0x3b]) }),
        ("readUntil", { _ = try await $0.reader.readUntil(anyOf: [[0x3b], [0x3a]]) }),
        ("withBytes", { try await $0.withBytes { $0.byteCount } }),
      ]
      let reading = createTask { try await near.read(upTo: 1) }
      while reading.waitsFor == nil { try await sleep(.zero) }
      for (call, read) in reads {
        let busy = await text { try await read(near) }
        #expect(busy == "\(call) \(peer): another task is reading from this stream")
      }
      try await far.write("x")
      _ = try await reading.value

      try await far.write("yz")
      let lent = Future<[String]>()
      try await near.withBytes { bytes in
        createTask(eagerStart: true) {
          var texts: [String] = []
          for (_, read) in reads { texts.append(await text { try await read(near) }) }
          lent.setResult(texts)
        }
        return bytes.byteCount
      }
      let reason = "the stream's bytes are lent to withBytes or a protocol, and can't be read within that"
      #expect(try await lent.value == reads.map { "\($0.0) \(peer): \(reason)" })

      near.abort()
      for (call, read) in reads {
        let over = await text { try await read(near) }
        #expect(over == "\(call) \(peer): the stream was aborted")
      }
      let writes: [(String, @Sendable (ByteStream) async throws -> Void)] = [
        ("write", { try await $0.write("x") }), ("drain", { try await $0.drain() }),
        ("writeEOF", { try await $0.writeEOF() }), ("sendFile", { _ = try await $0.sendFile("/dev/null") }),
      ]
      for (call, write) in writes {
        let over = await text { try await write(near) }
        #expect(over.hasPrefix("\(call) \(peer): "), "\(over)")
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a time limit names what was waited for, and with whom`(backend: BackendKind) async throws {
    try await withConnection(backend) { near, _, peer in
      let line = await text { try await withTimeout(.milliseconds(5)) { _ = try await near.readLine() } }
      #expect(line == "withTimeout: out of time after 0.005 seconds (receive from \(peer))")
      let late = await text { try await withTimeout(.zero) { _ = try await near.readLine() } }
      #expect(late == "withTimeout: out of time after 0.0 seconds (receive from \(peer))")
      let write = await text {
        // More than the buffers of both ends hold: it waits for ever.
        try await withTimeout(.milliseconds(5)) { try await near.write([UInt8](repeating: 0, count: 1 << 25)) }
      }
      #expect(write == "withTimeout: out of time after 0.005 seconds (send to \(peer))")
      let sleeping = await text { try await withTimeout(.milliseconds(5)) { try await sleep(.seconds(5)) } }
      #expect(sleeping == "withTimeout: out of time after 0.005 seconds")
    }
  }

  @Test func `the place of an error does not count when errors are compared`() {
    #expect(StreamError(.aborted, place: "read 127.0.0.1:1") == .aborted)
    #expect(StreamError(.aborted) != .lent)
    #expect(IncompleteReadError(partial: [1], expected: 2, place: "readExactly") == .init(partial: [1], expected: 2))
    #expect(LimitOverrunError(limit: 1, consumed: 2, place: "readLine") == .init(limit: 1, consumed: 2))
    do {
      throw StreamError(.aborted, place: "read 127.0.0.1:1")
    } catch StreamError.aborted {
    } catch {
      Issue.record("a pattern does not match")
    }
    #expect("\(TimeoutError("query db.test", after: .seconds(5)))" == "query db.test: out of time after 5.0 seconds")
  }
}
