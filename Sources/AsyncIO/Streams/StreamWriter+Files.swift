// SPDX-License-Identifier: Apache-2.0
// Files, sent by the kernel from its page cache to the socket; see FileSender. Through a filter (TLS), and into what is
// not a socket, they go as copies.

import AsyncIOCore
import Glibc

extension StreamWriter {
  /// Sends a file, or a part of it, behind what was written before; asyncio's `sendfile`. The bytes don't pass through
  /// the process, unless TLS or a stream that is not a socket makes them.
  ///
  /// ```swift
  /// let count = try await writer.sendFile("/srv/www/index.html")
  /// ```
  ///
  /// What other tasks write meanwhile comes after it; where the bytes pass through the process, it may come in between
  /// two pieces of the file.
  ///
  /// - Parameters:
  ///   - offset: Where to begin, in bytes.
  ///   - count: How much to send at most; nil for all to the end.
  /// - Returns: How many bytes were sent: fewer than `count` if the file ends before.
  /// - Throws: `SystemError` if the file can't be opened or read, or the connection was lost. `CancellationError` if
  ///   the task is cancelled, when a part may have been sent.
  public nonisolated(nonsending) func sendFile(
    _ path: String, from offset: Int = 0, count: Int? = nil
  ) async throws -> Int {
    require(offset >= 0 && (count ?? 0) >= 0, "sendFile: an offset and a count are 0 or more")
    if handle.isCurrent(for: #isolation) {
      return try await handle.transport.sendFile(path, from: offset, count: count)
    }
    return try await handle.onLoop { try await $0.sendFile(path, from: offset, count: count) }
  }

  /// The same with a descriptor of a file, which stays the caller's, and whose position does not change.
  public nonisolated(nonsending) func sendFile(
    descriptor: Int32, from offset: Int = 0, count: Int? = nil
  ) async throws -> Int {
    require(offset >= 0 && (count ?? 0) >= 0, "sendFile: an offset and a count are 0 or more")
    let source = FileSource(descriptor: descriptor, name: "descriptor \(descriptor)")
    if handle.isCurrent(for: #isolation) {
      return try await handle.transport.send(source, from: offset, count: count ?? .max)
    }
    return try await handle.onLoop { try await $0.send(source, from: offset, count: count ?? .max) }
  }
}

extension ByteStream {
  /// See `StreamWriter.sendFile(_:from:count:)`.
  public nonisolated(nonsending) func sendFile(
    _ path: String, from offset: Int = 0, count: Int? = nil
  ) async throws -> Int {
    try await writer.sendFile(path, from: offset, count: count)
  }
}

private final class FileWait: WaitObject {
  let waitDescription: String
  init(_ name: String) { waitDescription = name }
}

extension StreamTransport {
  nonisolated(nonsending) func sendFile(_ path: String, from offset: Int, count: Int?) async throws -> Int {
    let waited = FileWait(path)
    let opened = try await loop.runBlocking(WaitReason("open", on: waited)) { OpenedFile(path) }
    guard opened.descriptor >= 0 else { throw SystemError("open", path, code: opened.code) }
    let sent = try await send(
      FileSource(descriptor: opened.descriptor, name: path), from: offset, count: count ?? .max)
    return withExtendedLifetime(opened) { sent }
  }

  nonisolated(nonsending) func send(_ source: FileSource, from offset: Int, count: Int) async throws -> Int {
    try beginWrite("sendFile")
    var sender = FileSender(source, from: offset, count: count)
    guard filter == nil, isSocket else { return try await sendCopy(&sender) }
    try await waitUntilIdle()
    state.output.hold()
    var holds = true
    defer { if holds { release() } }
    while !sender.isDone {
      try await sender.readAhead(on: loop, WaitReason("read", on: self))
      guard state.isOpen, outputError == nil else {
        throw named(outputError ?? StreamError.writeAfterEnd, "sendFile")
      }
      switch sender.sendPiece({ loop.sockets.sendFile($0, from: $1, count: $2, to: number) }) {
      case .sent(let count):
        state.output.count(count)
        try await loop.spendBudget()
      case .isFull: try await waitUntilWritable()
      case .ended: return sender.sent
      case .wantsCopy:
        // The copy goes the way of all writes, and the output may meanwhile be another file's.
        holds = false
        release()
        return try await sendCopy(&sender)
      case .failed(let code):
        failOutput(SystemError("sendfile", "\(source.name) to \(waitDescription)", code: code))
      }
    }
    return sender.sent
  }

  /// The rest of a file by way of this process; returns how much was sent of the whole.
  private nonisolated(nonsending) func sendCopy(_ sender: inout FileSender) async throws -> Int {
    while !sender.isDone {
      let bytes = try await sender.copyPiece(on: loop, WaitReason("read", on: self))
      if bytes.isEmpty { break }
      if try bytes.withUnsafeBytes({ try write($0) }) { try await waitForRoom() }
      sender.advance(by: bytes.count)
    }
    return sender.sent
  }
}
