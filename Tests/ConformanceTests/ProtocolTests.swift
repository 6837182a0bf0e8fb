// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

/// A protocol gets the same calls in the same order, for any kind of connection.
@Suite("Protocols", .timeLimit(.minutes(1))) struct ProtocolTests {
  static let all = BackendKind.conforming.flatMap { backend in
    [StreamKind.tcp, .unix, .pair].map { StreamCase(backend, $0) }
  }

  @Test(arguments: all)
  func `each callback comes once, and in order`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (log, lost) = (Log(), Future<Void>())
      try await EventLoop.current.createConnection(over: near) { RecordingProtocol(log, lost: lost) }
      #expect(log.entries == ["made"])
      for text in ["one", "two"] {
        try await far.write(text)
        try await turns { log.entries.last == "data \(text)" }
      }
      try await far.writeEOF()
      try await lost.value
      #expect(log.entries == ["made", "data one", "data two", "eof", "lost"])
      #expect(try await far.readLine() == nil)
    }
  }

  @Test(arguments: all)
  func `what came before the protocol is its first data, and the end follows it`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      try await far.write("greeting\nmore")
      #expect(try await near.readLine() == "greeting")
      try await far.writeEOF()
      try await turns { near.isAtEnd || near.reader.handleHasEnded }
      let (log, lost) = (Log(), Future<Void>())
      try await EventLoop.current.createConnection(over: near) { RecordingProtocol(log, lost: lost) }
      try await lost.value
      #expect(log.entries == ["made", "data more", "eof", "lost"])
    }
  }

  @Test(arguments: all)
  func `a true eofReceived keeps this side open`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (log, lost) = (Log(), Future<Void>())
      var script = RecordingProtocol.Script()
      script.ended = { transport in
        transport.write("still here")
        EventLoop.current.callLater(.milliseconds(5)) {
          transport.write(", and gone")
          transport.close()
        }
        return true
      }
      try await EventLoop.current.createConnection(over: near) { [script] in
        RecordingProtocol(log, lost: lost, script)
      }
      try await far.writeEOF()
      #expect(try await far.readToEnd() == Array("still here, and gone".utf8))
      try await lost.value
      #expect(log.entries == ["made", "eof", "lost"])
    }
  }

  @Test(arguments: all)
  func `an echo of megabytes comes back whole`(_ what: StreamCase) async throws {
    let bytes = pattern(3_000_000)
    try await what.withStreams { near, far in
      let lost = Future<Void>()
      try await EventLoop.current.createConnection(over: near) { Echo(lost) }
      let sending = Task {
        for start in stride(from: 0, to: bytes.count, by: 100_000) {
          try await far.write(bytes[start..<(start + 100_000)])
        }
        try await far.writeEOF()
      }
      expectSame(try await far.readToEnd(), bytes)
      try await sending.value
      try await lost.value
    }
  }

  @Test(arguments: all)
  func `a protocol that lends its memory gets every byte in it`(_ what: StreamCase) async throws {
    let bytes = pattern(300_000)
    try await what.withStreams { near, far in
      let received = Future<[UInt8]>()
      try await EventLoop.current.createConnection(over: near) { Collector(room: 1000, received) }
      try await far.write(bytes)
      try await far.writeEOF()
      expectSame(try await received.value, bytes)
    }
  }

  @Test(arguments: all)
  func `a protocol that lends no memory loses its connection`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (received, reported) = (Future<[UInt8]>(), Future<String>())
      EventLoop.current.setExceptionHandler { _, context in reported.trySetResult("\(context)") }
      try await EventLoop.current.createConnection(over: near) { Collector(room: 0, received) }
      try await far.write("x")
      #expect(try await reported.value == "Collector.getBuffer failed: getBuffer lent an empty buffer")
      await #expect(throws: (any Error).self) { try await received.value }
      EventLoop.current.setExceptionHandler(nil)
    }
  }

  @Test(arguments: all)
  func `an error of the protocol is reported, and loses the connection`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (log, lost, reported) = (Log(), Future<Void>(), Future<String>())
      EventLoop.current.setExceptionHandler { _, context in reported.trySetResult("\(context)") }
      var script = RecordingProtocol.Script()
      script.received = { _, _ in throw Mistake() }
      try await EventLoop.current.createConnection(over: near) { [script] in
        RecordingProtocol(log, lost: lost, script)
      }
      try await far.write("x")
      try await lost.value
      #expect(log.entries == ["made", "data x", "lost: a mistake"])
      #expect(try await reported.value == "RecordingProtocol.dataReceived failed: a mistake")
      EventLoop.current.setExceptionHandler(nil)
    }
  }

  @Test(arguments: all)
  func `writing is paused above the high limit and resumed at the low one`(_ what: StreamCase) async throws {
    let bytes = pattern(16_000_000)  // more than the kernel keeps for both ends
    try await what.withStreams { near, far in
      let (log, sizes, lost) = (Log(), Log(), Future<Void>())
      var script = RecordingProtocol.Script()
      script.made = { transport in
        transport.setWriteBufferLimits(high: 100_000, low: 20_000)
        transport.write(bytes)
        sizes.append("\(transport.writeBufferSize > 100_000)")
      }
      script.resumed = { transport in
        sizes.append("\(transport.writeBufferSize <= 20_000)")
        transport.close()
      }
      try await EventLoop.current.createConnection(over: near) { [script] in
        RecordingProtocol(log, lost: lost, script)
      }
      #expect(log.entries == ["pause", "made"] || log.entries == ["made", "pause"])
      expectSame(try await far.readToEnd(), bytes)
      try await lost.value
      #expect(log.entries == ["made", "pause", "resume", "lost"])
      #expect(sizes.entries == ["true", "true"])
    }
  }

  @Test(arguments: all)
  func `while reading is paused nothing is called, and what has come follows`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (log, lost, kept) = (Log(), Future<Void>(), Kept())
      var script = RecordingProtocol.Script()
      script.made = { kept.transport = $0 }
      script.received = { transport, _ in
        transport.pauseReading()
        transport.pauseReading()
      }
      try await EventLoop.current.createConnection(over: near) { [script] in
        RecordingProtocol(log, lost: lost, script)
      }
      try await far.write("one")
      try await turns { log.entries.count == 2 }
      try await far.write("two")
      try await far.writeEOF()
      for _ in 0..<10 { try await sleep(.milliseconds(2)) }
      #expect(log.entries == ["made", "data one"])
      #expect(kept.transport?.isReading == false)
      kept.transport?.resumeReading()
      #expect(kept.transport?.isReading == true)
      try await turns { log.entries.count == 3 }
      #expect(log.entries.last == "data two")
      kept.transport?.resumeReading()
      try await lost.value
      #expect(log.entries == ["made", "data one", "data two", "eof", "lost"])
      kept.transport = nil
    }
  }

  @Test(arguments: all)
  func `a peer of a protocol that has paused reading has to wait`(_ what: StreamCase) async throws {
    let bytes = pattern(16_000_000)
    try await what.withStreams { near, far in
      let (log, kept, lost) = (Log(), Kept(), Future<Void>())
      var script = RecordingProtocol.Script()
      script.made = {
        kept.transport = $0
        $0.pauseReading()
      }
      script.received = { _, data in kept.bytes += data }
      try await EventLoop.current.createConnection(over: near) { [script] in
        RecordingProtocol(log, lost: lost, script)
      }
      let sending = Task {
        try await far.write(bytes)
        try await far.writeEOF()
      }
      try await turns { far.writer.pendingBytes > 0 }
      #expect(kept.bytes.isEmpty)
      kept.transport?.resumeReading()
      try await sending.value
      try await lost.value
      expectSame(kept.bytes, bytes)
      kept.transport = nil
    }
  }

  @Test(arguments: all)
  func `a protocol is switched in the middle of its data`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (log, second, lost) = (Log(), Log(), Future<Void>())
      var script = RecordingProtocol.Script()
      script.received = { transport, _ in transport.setProtocol(RecordingProtocol(second, lost: lost)) }
      try await EventLoop.current.createConnection(over: near) { [script] in RecordingProtocol(log, script) }
      try await far.write("first")
      try await turns { log.entries.count == 2 }
      try await far.write("second")
      try await far.writeEOF()
      try await lost.value
      #expect(log.entries == ["made", "data first"])
      #expect(second.entries == ["data second", "eof", "lost"])
    }
  }

  @Test(arguments: all)
  func `close sends what was written, abort doesn't`(_ what: StreamCase) async throws {
    let bytes = pattern(16_000_000)  // more than the kernel keeps for both ends
    try await what.withStreams { near, far in
      let (log, lost) = (Log(), Future<Void>())
      var script = RecordingProtocol.Script()
      script.made = { transport in
        transport.writeLines([bytes, Array("end".utf8)])
        transport.close()
        transport.close()
        transport.write("dropped")
        log.append("closing \(transport.isClosing)")
      }
      try await EventLoop.current.createConnection(over: near) { [script] in
        RecordingProtocol(log, lost: lost, script)
      }
      expectSame(try await far.readToEnd(), bytes + Array("end".utf8))
      try await lost.value
      #expect(log.entries.filter { $0 != "pause" && $0 != "resume" } == ["made", "closing true", "lost"])
    }
    try await what.withStreams { near, far in
      let (log, lost) = (Log(), Future<Void>())
      var script = RecordingProtocol.Script()
      script.made = { transport in
        transport.write(bytes)
        transport.abort()
        transport.abort()
      }
      try await EventLoop.current.createConnection(over: near) { [script] in
        RecordingProtocol(log, lost: lost, script)
      }
      try await lost.value
      #expect(log.entries.filter { $0 != "pause" } == ["made", "lost"])
      // Bytes that had already been sent may arrive.
      #expect(((try? await far.readToEnd().count) ?? 0) < bytes.count)
    }
  }

  @Test(arguments: all)
  func `a writeEOF ends the output, and a write after it is reported`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (log, lost, reported) = (Log(), Future<Void>(), Future<String>())
      EventLoop.current.setExceptionHandler { _, context in reported.trySetResult("\(context)") }
      var script = RecordingProtocol.Script()
      script.made = { transport in
        transport.write("last words")
        transport.writeEOF()
        transport.writeEOF()
        transport.write("more")
      }
      try await EventLoop.current.createConnection(over: near) { [script] in
        RecordingProtocol(log, lost: lost, script)
      }
      #expect(try await far.readToEnd() == Array("last words".utf8))
      #expect(try await reported.value.hasPrefix("Transport.write: after writeEOF; 4 bytes were dropped"))
      try await far.write("heard")
      try await turns { log.entries.last == "data heard" }
      try await far.close()
      try await lost.value
      #expect(log.entries == ["made", "data heard", "eof", "lost"])
      EventLoop.current.setExceptionHandler(nil)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a lost connection says why`(_ backend: BackendKind) async throws {
    try await StreamCase(backend, .tcp).withStreams { near, far in
      let (log, lost) = (Log(), Future<Void>())
      try await EventLoop.current.createConnection(over: near) { RecordingProtocol(log, lost: lost) }
      far.abort()
      try await lost.value
      #expect(log.entries.count == 2)
      #expect(log.entries[1].hasPrefix("lost: receive 127.0.0.1:"))
      #expect(log.entries[1].hasSuffix("connection reset by peer (ECONNRESET)"))
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a server makes a protocol for each connection`(_ backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let loop = EventLoop.current
      let made = Log()
      let server = try await loop.createServer(host: "127.0.0.1", port: 0) {
        made.append("a protocol")
        return Echo()
      }
      for number in 1...3 {
        let (log, lost) = (Log(), Future<Void>())
        var script = RecordingProtocol.Script()
        script.made = { $0.write("hello \(number)") }
        script.received = { transport, _ in transport.close() }
        try await loop.createConnection(host: "127.0.0.1", port: server.port) { [script] in
          RecordingProtocol(log, lost: lost, script)
        }
        try await lost.value
        #expect(log.entries == ["made", "data hello \(number)", "lost"])
      }
      #expect(made.entries.count == 3)
      server.close()
      try await server.waitClosed()
    }
  }

  @Test(arguments: all)
  func `a stream in use can't be handed over`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (log, loop) = (Log(), EventLoop.current)
      let reading = Task { try await near.readLine() }
      try await turns { near.waitsToRead }
      await #expect(throws: StreamError.concurrentRead) {
        try await loop.createConnection(over: near) { RecordingProtocol(log) }
      }
      reading.cancel()
      _ = try? await reading.value
      #expect(log.entries == [])
    }
  }

  @Test(arguments: all)
  func `callbacks have the task-local values of the place that made the connection`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (log, lost) = (Log(), Future<Void>())
      var script = RecordingProtocol.Script()
      script.made = { _ in log.append(Origin.name) }
      script.received = { _, _ in log.append(Origin.name) }
      script.ended = { _ in
        log.append(Origin.name)
        return false
      }
      try await Origin.$name.withValue("here") { [script] in
        try await EventLoop.current.createConnection(over: near) { RecordingProtocol(log, lost: lost, script) }
      }
      try await far.write("x")
      try await far.writeEOF()
      try await lost.value
      #expect(log.entries == ["made", "here", "data x", "here", "eof", "here", "lost"])
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `the end of the loop loses the connections that are left`(_ backend: BackendKind) async throws {
    let log = Log()
    try await withEventLoop(backend: backend) {
      let (near, far) = try await ByteStream.pair()
      try await EventLoop.current.createConnection(over: near) { RecordingProtocol(log) }
      try await EventLoop.current.createConnection(over: far) { Echo() }
    }
    #expect(log.entries == ["made", "lost: the stream was aborted"] || log.entries == ["made", "eof", "lost"])
  }
}

private enum Origin {
  @TaskLocal static var name = "nowhere"
}

struct Mistake: Error, CustomStringConvertible {
  let description = "a mistake"
}
