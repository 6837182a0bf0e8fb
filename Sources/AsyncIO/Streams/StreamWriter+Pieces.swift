// SPDX-License-Identifier: Apache-2.0
// Writes of more than one array, and of memory that isn't one.

import AsyncIOCore

extension StreamWriter {
  /// Writes several pieces, in order and with nothing in between, as one; asyncio's `writelines`. Large ones leave with
  /// one system call (sendmsg(2)) and without being put together first.
  ///
  /// ```swift
  /// try await writer.write(contentsOf: [Array("HTTP/1.1 200 OK\r\n\r\n".utf8), page.body])
  /// ```
  ///
  /// - Throws: As `write(_:)`.
  public nonisolated(nonsending) func write(contentsOf pieces: [[UInt8]]) async throws {
    if handle.isCurrent(for: #isolation) {
      try await handle.transport.loop.spendBudget()
      if try handle.transport.write(contentsOf: pieces) { try await handle.transport.waitForRoom() }
    } else {
      try await handle.onLoop { transport in
        if try transport.write(contentsOf: pieces) { try await transport.waitForRoom() }
      }
    }
  }

  /// Writes memory that is lent for the time of the call.
  ///
  /// ```swift
  /// let bytes: [UInt8] = [0x68, 0x69, 0x0a]
  /// try await writer.write(bytes.span.bytes)
  /// ```
  ///
  /// - Throws: As `write(_:)`.
  public nonisolated(nonsending) func write(_ bytes: RawSpan) async throws {
    if handle.isCurrent(for: #isolation) {
      try await handle.transport.loop.spendBudget()
      if try bytes.withUnsafeBytes({ try handle.transport.write($0) }) { try await handle.transport.waitForRoom() }
    } else {
      try await write(bytes.withUnsafeBytes { Array($0) })
    }
  }

  /// Writes an array without copying it, where the kernel can send from the memory itself (io_uring's SEND_ZC, Linux
  /// 6.0), and returns when it needs the bytes no more. From some ten kilobytes on a real network card this saves the
  /// copy; small writes, TLS and loopback are better off with `write`.
  ///
  /// ```swift
  /// try await writer.writeZeroCopy(page.body)
  /// ```
  ///
  /// Cancellation throws; the bytes are sent all the same, and kept until then.
  ///
  /// - Throws: As `write(_:)`.
  public nonisolated(nonsending) func writeZeroCopy(_ bytes: [UInt8]) async throws {
    if handle.isCurrent(for: #isolation) { return try await handle.transport.writeZeroCopy(bytes) }
    try await handle.onLoop { try await $0.writeZeroCopy(bytes) }
  }
}

extension ByteStream {
  /// See `StreamWriter.write(contentsOf:)`.
  public nonisolated(nonsending) func write(contentsOf pieces: [[UInt8]]) async throws {
    try await writer.write(contentsOf: pieces)
  }

  /// See `StreamWriter.write(_:)`.
  public nonisolated(nonsending) func write(_ bytes: RawSpan) async throws { try await writer.write(bytes) }
}

/// Keeps bytes in place while the kernel reads them.
private final class KeptBytes {
  private let bytes: [UInt8]
  let view: UnsafeRawBufferPointer

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // Safety: an array's elements stay where they are as long as it is held and nobody mutates it; this one is a
    // constant.
    view = bytes.withUnsafeBytes { UnsafeRawBufferPointer($0) }
  }
}

extension StreamTransport {
  func write(contentsOf pieces: [[UInt8]]) throws -> Bool {
    let count = pieces.reduce(0) { $0 + $1.count }
    if filter == nil && isSocket && outputIsIdle && count > Self.largestBatched {
      try beginWrite()
      // Safety: the arrays stay where they are as long as `pieces` holds them, which nobody mutates.
      let sent = loop.sockets.send(pieces.map { $0.withUnsafeBytes { UnsafeRawBufferPointer($0) } }, to: number)
      if sent > 0 { state.output.count(sent) }
      if sent >= count { return false }
      if sent < 0 && !SystemError.Code(rawValue: Int32(-sent)).isTemporary {
        failOutput(SystemError("send", waitDescription, result: sent))
      }
      var skipped = max(0, sent)
      for piece in pieces {
        let left = piece.dropFirst(skipped)
        skipped -= piece.count - left.count
        if !left.isEmpty { left.withUnsafeBytes { emit($0) } }
      }
      if let outputError { throw named(outputError, "write") }
      return pendingOutput > Self.highWater
    }
    var waits = false
    for piece in pieces where !piece.isEmpty { waits = try piece.withUnsafeBytes { try write($0) } }
    return waits
  }

  nonisolated(nonsending) func writeZeroCopy(_ bytes: [UInt8]) async throws {
    try await loop.spendBudget()
    guard filter == nil, isSocket, !bytes.isEmpty else {
      if try bytes.withUnsafeBytes({ try write($0) }) { try await waitForRoom() }
      return
    }
    try await waitUntilIdle()
    let kept = KeptBytes(bytes)
    state.output.startedSending(loop.sendZeroCopy(kept.view, to: number, owner: kept, sink: self))
    while state.output.hasOperation { try await waitForOutput() }
    if let outputError { throw named(outputError, "write") }
  }
}
