// SPDX-License-Identifier: Apache-2.0

import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@testable import AsyncIO

@Suite("Files into streams") struct SendFileTests {
  @Test(arguments: StreamKindTests.all)
  func `a file arrives whole, behind what was written and before what follows`(_ what: StreamCase) async throws {
    let file = try ScratchFile(pattern(3_000_000))
    try await what.withStreams { near, far in
      try await file.appear(on: what.backend)
      let reading = Task { try await far.readToEnd() }
      try await near.write("head")
      let sending = Task { try await near.sendFile(file.path) }
      let result1 = try await sending.value
      #expect(result1 == file.bytes.count)
      try await near.write("tail")
      try await near.writeEOF()
      expectSame(try await reading.value, Array("head".utf8) + file.bytes + Array("tail".utf8))
    }
  }

  @Test(arguments: StreamKindTests.sockets)
  func `what others write while a file is sent comes after it`(_ what: StreamCase) async throws {
    // The virtual network reads and sends files in pieces, between which other bytes may come.
    guard what.backend != .virtual else { return }
    let file = try ScratchFile(pattern(8_000_000))
    try await what.withStreams { near, far in
      try await file.appear(on: what.backend)
      let sending = Task { try await near.sendFile(file.path) }
      try await turns { near.writer.handle.transport.state.output.isHeld }
      try await near.write("later")
      let received = try await far.readExactly(file.bytes.count)
      expectSame(received, file.bytes)
      let result2 = try await far.readExactly(5)
      #expect(result2 == Array("later".utf8))
      let result3 = try await sending.value
      #expect(result3 == file.bytes.count)
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a part of a file is sent, and no more than there is`(_ what: StreamCase) async throws {
    let file = try ScratchFile(pattern(100_000))
    try await what.withStreams { near, far in
      try await file.appear(on: what.backend)
      let result4 = try await near.sendFile(file.path, from: 10, count: 20)
      #expect(result4 == 20)
      let result5 = try await far.readExactly(20)
      #expect(result5 == Array(file.bytes[10..<30]))
      let result6 = try await near.sendFile(file.path, from: 99_990, count: 20)
      #expect(result6 == 10)
      let result7 = try await far.readExactly(10)
      #expect(result7 == Array(file.bytes[99_990...]))
      let result8 = try await near.sendFile(file.path, count: 0)
      #expect(result8 == 0)
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a file that isn't there is named, and the stream goes on`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let error = await #expect(throws: SystemError.self) { try await near.sendFile("/nowhere/at/all") }
      #expect(error?.description == "open /nowhere/at/all: no such file or directory (ENOENT)")
      try await near.write("ok")
      let result9 = try await far.readExactly(2)
      #expect(result9 == Array("ok".utf8))
    }
  }

  @Test(arguments: StreamKindTests.sockets)
  func `an invalid descriptor is named`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let error = await #expect(throws: SystemError.self) { try await near.writer.sendFile(descriptor: -1) }
      #expect(error?.description.contains("descriptor -1") == true)
      #expect(error?.description.hasSuffix(": bad file descriptor (EBADF)") == true)
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a file whose size the kernel doesn't know is sent too`(_ what: StreamCase) async throws {
    // A world in memory has only files whose size is known.
    guard what.backend != .virtual else { return }
    try await what.withStreams { near, far in
      let count = try await near.sendFile("/proc/self/status")
      #expect(count > 100)
      let text = String(decoding: try await far.readExactly(count), as: UTF8.self)
      #expect(text.hasPrefix("Name:"))
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a peer that goes in the middle of a file fails the sender`(_ what: StreamCase) async throws {
    let file = try ScratchFile(pattern(8_000_000))
    try await what.withStreams { near, far in
      try await file.appear(on: what.backend)
      let sending = Task { try await near.sendFile(file.path) }
      _ = try await far.readExactly(1000)
      far.abort()
      let error = await #expect(throws: SystemError.self) { try await sending.value }
      #expect(error?.code == .brokenPipe || error?.code == .connectionReset)
    }
  }

  @Test(arguments: StreamKindTests.sockets)
  func `closing in the middle of a file ends the sender, and a cancelled one leaves the stream to others`(
    _ what: StreamCase
  ) async throws {
    guard what.backend != .virtual else { return }
    let file = try ScratchFile(pattern(8_000_000))
    try await what.withStreams { near, far in
      try await file.appear(on: what.backend)
      let cancelled = Task { try await near.sendFile(file.path) }
      try await turns { near.writer.handle.transport.state.output.isHeld }
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      #expect(!near.writer.handle.transport.state.output.isHeld)
      let sending = Task { try await near.sendFile(file.path) }
      try await turns { near.writer.handle.transport.state.output.isHeld }
      near.abort()
      await #expect(throws: StreamError.aborted) { try await sending.value }
    }
  }
}

@Suite("Open files into streams") struct SendOpenFileTests {
  @Test(arguments: StreamKindTests.all)
  func `an open file is sent, and stays open`(_ what: StreamCase) async throws {
    let scratch = try ScratchFile(pattern(300_000))
    try await what.withStreams { near, far in
      try await scratch.appear(on: what.backend)
      let reading = Task { try await far.readToEnd() }
      try await withFile(Path(scratch.path)) { file in
        let sent = try await near.sendFile(file, from: 100_000)
        #expect(sent == 200_000)
        let first = try await file.read(upTo: 1, at: 0)
        #expect(first == [scratch.bytes[0]])
      }
      try await near.writeEOF()
      expectSame(try await reading.value, Array(scratch.bytes[100_000...]))
    }
  }
}

/// A file that is removed with the last reference to this object.
final class ScratchFile: Sendable {
  let path: String
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) throws {
    var template = Array("/tmp/asyncio-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    self.bytes = bytes
    precondition(
      descriptor >= 0 && bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    close(descriptor)
  }

  /// Makes the file in the world of the loop, if that has files of its own.
  nonisolated(nonsending) func appear(on backend: BackendKind) async throws {
    if backend == .virtual { try await Path(path).write(bytes) }
  }

  deinit { unlink(path) }
}
