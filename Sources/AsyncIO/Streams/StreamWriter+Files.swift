// SPDX-License-Identifier: Apache-2.0
// Files, sent by the kernel from its page cache to the socket: sendfile(2), which io_uring has no operation for. The call
// itself would block where the file has to be read from the disk first. So each piece is looked up in the page cache
// (RWF_NOWAIT, Linux 4.14), and one that isn't there is read in on a thread of the pool before.

import AsyncIOCore
import Glibc

extension StreamWriter {
  /// Sends a file, or a part of it, behind what was written before; asyncio's `sendfile`. The bytes don't pass through
  /// the process, unless TLS or a stream that is no socket makes them.
  ///
  /// ```swift
  /// let count = try await writer.sendFile("/srv/www/index.html")
  /// ```
  ///
  /// What other tasks write meanwhile comes after it; where the bytes pass through the process, it may come in between two
  /// pieces of the file.
  ///
  /// - Parameters:
  ///   - offset: Where to begin, in bytes.
  ///   - count: How much to send at most; nil for all to the end.
  /// - Returns: How many bytes were sent: fewer than `count` if the file ends before.
  /// - Throws: `SystemError` if the file can't be opened or read, or the connection was lost. `CancellationError` if the
  ///   task is cancelled, when a part may have been sent.
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
  /// What is sent at a time: others have their turn after it.
  private static let piece = 512 * 1024

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
    guard filter == nil, isSocket else { return try await sendCopy(of: source, from: offset, count: count) }
    try await waitUntilIdle()
    outputIsHeld = true
    var holds = true
    defer { if holds { release() } }
    var sent = 0
    while sent < count {
      let wanted = min(Self.piece, count - sent)
      if !source.isCached(at: offset + sent) {
        let position = offset + sent
        _ = try await loop.runBlocking(WaitReason("read", on: self)) { source.read(from: position, upTo: wanted) }.get()
      }
      guard state == .open, outputError == nil else {
        throw named(outputError ?? StreamError.writeAfterEnd, "sendFile")
      }
      let result = loop.backend.sendFile(source.descriptor, from: offset + sent, count: wanted, to: number)
      if result > 0 {
        sent += result
        bytesSent &+= result
        try await loop.spendBudget()
      } else if result == 0 {
        break
      } else if SystemError.Code(rawValue: Int32(-result)).isTemporary {
        try await waitUntilWritable()
      } else if result == -Int(EINVAL) {
        // What can't be sent so: a file of /proc, a socket of a virtual network. Its copy goes the way of all writes, and
        // the output may meanwhile be another file's.
        holds = false
        release()
        return sent + (try await sendCopy(of: source, from: offset + sent, count: count - sent))
      } else {
        failOutput(SystemError("sendfile", "\(source.name) to \(waitDescription)", result: result))
      }
    }
    return sent
  }

  /// The same by way of this process.
  private nonisolated(nonsending) func sendCopy(of source: FileSource, from offset: Int, count: Int) async throws -> Int
  {
    var sent = 0
    while sent < count {
      let (position, wanted) = (offset + sent, min(Self.piece / 2, count - sent))
      let bytes = try await loop.runBlocking(WaitReason("read", on: self)) { source.read(from: position, upTo: wanted) }
        .get()
      if bytes.isEmpty { break }
      if try bytes.withUnsafeBytes({ try write($0) }) { try await waitForRoom() }
      sent += bytes.count
    }
    return sent
  }
}
