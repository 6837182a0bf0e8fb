// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

/// Every kind of stream behaves like every other.
@Suite("Kinds of streams") struct StreamKindTests {
  static let all = BackendKind.conforming.flatMap { backend in StreamKind.allCases.map { StreamCase(backend, $0) } }
  static let sockets = all.filter { $0.kind != .pipes }

  @Test(arguments: all)
  func `lines go there and back`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let echo = Task {
        for try await line in far.lines { try await far.write("<\(line)>\n") }
        try await far.writeEOF()
      }
      for number in 1...50 {
        try await near.write("line \(number)\r\n")
        #expect(try await near.readLine() == "<line \(number)>")
      }
      try await near.writeEOF()
      #expect(try await near.readLine() == nil)
      #expect(near.isAtEnd)
      try await echo.value
    }
  }

  @Test(arguments: all)
  func `megabytes arrive as they were sent, in both directions at once`(_ what: StreamCase) async throws {
    let bytes = pattern(3_000_000)
    try await what.withStreams { near, far in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (from, to) in [(near, far), (far, near)] {
          group.addTask {
            for start in stride(from: 0, to: bytes.count, by: 100_000) {
              try await from.write(bytes[start..<(start + 100_000)])
            }
            try await from.writeEOF()
          }
          group.addTask { expectSame(try await to.readToEnd(), bytes) }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test(arguments: all)
  func `the end comes after everything that was written`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      try await near.write("almost")
      try await near.writeEOF()
      await #expect(throws: StreamError.writeAfterEnd) { try await near.write("too late") }
      let error = await #expect(throws: IncompleteReadError.self) { try await far.readExactly(10) }
      #expect(error?.partial == Array("almost".utf8))
      #expect(try await far.read(upTo: 10) == [])
    }
  }

  @Test(arguments: all)
  func `a cancelled read loses nothing`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      try await near.write("abc")
      let reading = Task { try await far.readExactly(6) }
      try await turns { far.waitsToRead }
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
      try await near.write("def")
      #expect(try await far.readExactly(6) == Array("abcdef".utf8))
    }
  }

  @Test(arguments: all)
  func `a writer waits for a reader that doesn't read, and keeps a bounded amount`(_ what: StreamCase) async throws {
    let bytes = pattern(200_000)
    try await what.withStreams { near, far in
      let writing = Task {
        for _ in 0..<40 { try await near.write(bytes) }
        try await near.writeEOF()
      }
      try await turns { near.writer.pendingBytes > 64 * 1024 }
      #expect(near.writer.pendingBytes <= 64 * 1024 + bytes.count)
      var count = 0
      var buffer: [UInt8] = []
      while try await far.read(into: &buffer) > 0 { count += buffer.count }
      #expect(count == 40 * bytes.count)
      try await writing.value
    }
  }

  @Test(arguments: all)
  func `closing under a reader ends its wait with the end of the stream, as in asyncio`(_ what: StreamCase) async throws
  {
    try await what.withStreams { near, _ in
      let reading = Task { try await near.readLine() }
      try await turns { near.waitsToRead }
      try await near.close()
      #expect(try await reading.value == nil)
    }
  }

  @Test(arguments: all)
  func `a write to a peer that is gone fails with a broken pipe or a reset`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      try await far.close()
      let error = await #expect(throws: SystemError.self) {
        while true {
          try await near.write("anybody there?\n")
          try await sleep(.milliseconds(1))
        }
      }
      #expect(error?.code == .brokenPipe || error?.code == .connectionReset)
    }
  }

  @Test(arguments: sockets)
  func `a reset is seen by the peer's reader`(_ what: StreamCase) async throws {
    // A Unix socket sees a reset as the end of the stream.
    guard what.kind == .tcp else { return }
    try await what.withStreams { near, far in
      near.abort()
      let error = await #expect(throws: SystemError.self) { try await far.read(upTo: 1) }
      #expect(error?.code == .connectionReset)
    }
  }
}
