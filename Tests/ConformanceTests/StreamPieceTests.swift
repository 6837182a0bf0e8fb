// SPDX-License-Identifier: Apache-2.0

import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@testable import AsyncIO

/// Reading and writing in other ways than one array at a time.
@Suite("Pieces of streams") struct StreamPieceTests {
  @Test(arguments: StreamKindTests.all)
  func `several pieces are written in order, as one`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let pieces = [1, 0, 5_000, 100_000, 3, 700_000].enumerated().map { pattern($1, seed: UInt64($0)) }
      let reading = Task { try await far.readToEnd() }
      try await near.write("<")
      try await near.write(contentsOf: pieces)
      try await near.write(contentsOf: [Array("a".utf8), Array("b".utf8)])
      try await near.writeEOF()
      expectSame(try await reading.value, Array("<".utf8) + pieces.joined() + Array("ab".utf8))
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `memory that is lent is written`(_ what: StreamCase) async throws {
    let bytes = pattern(300_000)
    try await what.withStreams { near, far in
      let reading = Task { try await far.readExactly(bytes.count) }
      try await near.write(bytes.span.bytes)
      expectSame(try await reading.value, bytes)
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a write without a copy arrives, between others`(_ what: StreamCase) async throws {
    let bytes = pattern(2_000_000)
    try await what.withStreams { near, far in
      let reading = Task { try await far.readToEnd() }
      try await near.write("before")
      let zeroCopy = Task { try await near.writer.writeZeroCopy(bytes) }
      try await zeroCopy.value
      try await near.write("after")
      try await near.writeEOF()
      expectSame(try await reading.value, Array("before".utf8) + bytes + Array("after".utf8))
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `bytes are lent where they lie, and what is not taken stays`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      try await near.write([3, 10, 20, 30, 1, 9])
      var messages: [[UInt8]] = []
      var needed = 1
      while messages.count < 2 {
        try await far.withBytes(atLeast: needed) { bytes in
          let all = bytes.withUnsafeBytes { Array($0) }
          guard let size = all.first.map(Int.init), all.count > size else {
            needed = all.count + 1
            return 0
          }
          messages.append(Array(all[1...size]))
          needed = 1
          return size + 1
        }
      }
      #expect(messages == [[10, 20, 30], [9]])
      try await near.write("rest")
      try await near.writeEOF()
      let lent = try await far.withBytes(atLeast: 100) { bytes in bytes.byteCount }
      #expect(lent == 4)
      let none = try await far.withBytes { _ in 0 }
      #expect(none == 0)
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `the separator that ends first ends the read`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      try await near.write("one;two\r\nthree\nfour")
      let separators = [Array("\r\n".utf8), Array("\n".utf8), Array(";".utf8)]
      #expect(try await far.reader.readUntil(anyOf: separators) == Array("one;".utf8))
      #expect(try await far.reader.readUntil(anyOf: separators) == Array("two\r\n".utf8))
      #expect(try await far.reader.readUntil(anyOf: separators) == Array("three\n".utf8))
      try await near.writeEOF()
      let error = await #expect(throws: IncompleteReadError.self) { try await far.reader.readUntil(anyOf: separators) }
      #expect(error?.partial == Array("four".utf8))
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a stream comes in chunks until its end`(_ what: StreamCase) async throws {
    let bytes = pattern(500_000)
    try await what.withStreams { near, far in
      let writing = Task {
        try await near.write(bytes)
        try await near.writeEOF()
      }
      var received: [UInt8] = []
      for try await chunk in far.chunks(upTo: 10_000) {
        #expect(chunk.count <= 10_000)
        received += chunk
      }
      expectSame(received, bytes)
      try await writing.value
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a stream whose pieces are large, then small, then large loses nothing`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let echo = Task {
        var buffer: [UInt8] = []
        while try await far.read(into: &buffer, upTo: 256 * 1024) > 0 { try await far.write(buffer) }
      }
      for round in 0..<120 {
        let size = round / 40 % 2 == 0 ? 60_000 + round : 10 + round
        let bytes = pattern(size, seed: UInt64(round))
        try await near.write(bytes)
        // Alternately into the caller's memory, and out of the stream's.
        if round % 3 == 0 {
          var received: [UInt8] = []
          var buffer: [UInt8] = []
          while received.count < size {
            try await near.read(into: &buffer, upTo: size - received.count)
            received += buffer
          }
          expectSame(received, bytes)
        } else {
          expectSame(try await near.readExactly(size), bytes)
        }
      }
      try await near.writeEOF()
      try await echo.value
    }
  }
}
