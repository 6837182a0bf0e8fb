// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The incoming side of a connection; asyncio's `StreamReader`.
///
/// Bytes arrive by themselves and wait here, up to twice the `limit`; then the peer has to wait. (What io_uring has
/// received by that time is added: 2 MiB at most, shared by all streams of the loop's turn.) One task reads at a
/// time. A reader belongs to the loop that it was opened on and works from anywhere: called off that loop, a method
/// hops there and back.
///
/// ```swift
/// let (reader, writer) = try await openConnection(host: "127.0.0.1", port: 8080)
/// try await writer.write("ping\n")
/// let answer = try await reader.readLine()
/// try await writer.close()
/// ```
///
/// **Cancellation** of any read throws `CancellationError` and loses nothing: what has arrived stays, for the next
/// read.
public final class StreamReader: Sendable {
  package let handle: StreamHandle

  package init(_ handle: StreamHandle) { self.handle = handle }

  /// How much `readLine` and `readUntil` look through; the peer has to wait when twice as much is unread. In bytes.
  public var limit: Int { handle.transport.limit }

  /// Waits for some bytes and returns them, at most `count`; asyncio's `read(n)`.
  ///
  /// - Returns: At least one byte, or none at the end of the stream.
  /// - Throws: `SystemError` if the connection was lost.
  public nonisolated(nonsending) func read(upTo count: Int) async throws -> [UInt8] {
    require(count > 0, "read(upTo:) wants at least one byte")
    if handle.isCurrent(for: #isolation) { return try await handle.transport.read(upTo: count) }
    return try await handle.onLoop { try await $0.read(upTo: count) }
  }

  /// Waits for some bytes and puts them into an array instead of what it held: at most `count`, none at the end of the
  /// stream. The array's memory is used again, so reading in a loop allocates nothing.
  ///
  /// ```swift
  /// var buffer: [UInt8] = []
  /// while try await reader.read(into: &buffer) > 0 { try await writer.write(buffer) }
  /// ```
  ///
  /// - Returns: The number of bytes.
  /// - Throws: `SystemError` if the connection was lost; the array is left as it was.
  @discardableResult
  public nonisolated(nonsending) func read(into buffer: inout [UInt8], upTo count: Int = 65_536) async throws -> Int {
    require(count > 0, "read(into:upTo:) wants at least one byte")
    if handle.isCurrent(for: #isolation) { return try await handle.transport.read(into: &buffer, upTo: count) }
    buffer = try await handle.onLoop { try await $0.read(upTo: count) }
    return buffer.count
  }

  /// Waits for the end of the stream and returns all bytes up to it; asyncio's `read()`.
  ///
  /// - Parameter maximum: How many bytes to accept.
  /// - Throws: `LimitOverrunError` if there are more; they stay in the stream. `SystemError` if the connection was
  ///   lost.
  public nonisolated(nonsending) func readToEnd(upTo maximum: Int = 64 * 1024 * 1024) async throws -> [UInt8] {
    if handle.isCurrent(for: #isolation) { return try await handle.transport.readToEnd(upTo: maximum) }
    return try await handle.onLoop { try await $0.readToEnd(upTo: maximum) }
  }

  /// Waits for exactly so many bytes; asyncio's `readexactly`.
  ///
  /// - Throws: `IncompleteReadError`, which carries the bytes so far, if the stream ends before; `SystemError` if it
  ///   was lost.
  public nonisolated(nonsending) func readExactly(_ count: Int) async throws -> [UInt8] {
    require(count >= 0, "readExactly wants a number of bytes")
    if handle.isCurrent(for: #isolation) { return try await handle.transport.readExactly(count) }
    return try await handle.onLoop { try await $0.readExactly(count) }
  }

  /// Waits for a separator and returns everything up to and with it; asyncio's `readuntil`.
  ///
  /// - Throws: `LimitOverrunError` if it isn't found within `limit` bytes, which stay in the stream;
  ///   `IncompleteReadError`, which carries the bytes so far, if the stream ends before; `SystemError` if it was lost.
  public nonisolated(nonsending) func readUntil(_ separator: [UInt8]) async throws -> [UInt8] {
    require(!separator.isEmpty, "a separator has at least one byte")
    if handle.isCurrent(for: #isolation) { return try await handle.transport.readUntil(separator) }
    return try await handle.onLoop { try await $0.readUntil(separator) }
  }

  /// Waits for any of several separators and returns everything up to and with the first; asyncio's `readuntil` with a
  /// tuple. Of two that begin at the same place the shorter one counts.
  ///
  /// ```swift
  /// let sentence = try await reader.readUntil(anyOf: [Array(". ".utf8), Array("! ".utf8)])
  /// ```
  ///
  /// - Throws: As `readUntil(_:)`.
  public nonisolated(nonsending) func readUntil(anyOf separators: [[UInt8]]) async throws -> [UInt8] {
    require(!separators.isEmpty && !separators.contains([]), "a separator has at least one byte")
    if handle.isCurrent(for: #isolation) { return try await handle.transport.readUntil(anyOf: separators) }
    return try await handle.onLoop { try await $0.readUntil(anyOf: separators) }
  }

  /// Waits for a line and returns it, in UTF-8, without its end (`\n` or `\r\n`) unless asked for; asyncio's
  /// `readline`.
  ///
  /// - Returns: Nil at the end of the stream. The last line may lack its end.
  /// - Throws: `LimitOverrunError` if the line is longer than `limit`. What has arrived of it is dropped then, as
  ///   asyncio does, and the next call goes on behind that. `SystemError` if the connection was lost.
  public nonisolated(nonsending) func readLine(strippingNewline: Bool = true) async throws -> String? {
    if handle.isCurrent(for: #isolation) {
      return try await handle.transport.readLine(strippingNewline: strippingNewline)
    }
    return try await handle.onLoop { try await $0.readLine(strippingNewline: strippingNewline) }
  }

  // MARK: - The end

  /// Closes the stream, of which nothing more is read. Of a connection it closes both
  /// directions, as the writer's `close()` does.
  public nonisolated(nonsending) func close() async throws {
    if handle.isCurrent(for: #isolation) {
      handle.transport.close()
      return try await handle.transport.waitClosed()
    }
    try await handle.onLoop { transport in
      transport.close()
      try await transport.waitClosed()
    }
  }

  /// Closes the stream at once; see `StreamWriter.abort()`. From any thread.
  public func abort() { handle.abort() }

  /// Whether everything was read and nothing more will come; asyncio's `at_eof`. On the stream's loop.
  public var isAtEnd: Bool { handle.transport.input.isEmpty && handle.transport.inputIsOver }
}
