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
      if try unsafe bytes.withUnsafeBytes({ try unsafe handle.transport.write($0) }) {
        try await handle.transport.waitForRoom()
      }
    } else {
      try await unsafe write(bytes.withUnsafeBytes { unsafe Array($0) })
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
