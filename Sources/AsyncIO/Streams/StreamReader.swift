// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The incoming side of a connection; asyncio's `StreamReader`.
///
/// Bytes arrive by themselves and wait here, up to twice the `limit`; then the peer has to wait. (What io_uring has
/// received by that time is added: 2 MiB at most, shared by all streams of the loop's turn.) One task reads at a
/// time. A reader belongs to the loop that it was opened on and works from anywhere: called off that loop, a method hops
/// there and back.
///
/// ```swift
/// let (reader, writer) = try await openConnection(host: "127.0.0.1", port: 8080)
/// try await writer.write("ping\n")
/// let answer = try await reader.readLine()
/// try await writer.close()
/// ```
///
/// **Cancellation** of any read throws `CancellationError` and loses nothing: what has arrived stays, for the next read.
public final class StreamReader: Sendable {
  package let handle: StreamHandle

  init(_ handle: StreamHandle) { self.handle = handle }

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
  /// - Throws: `LimitOverrunError` if there are more; they stay in the stream. `SystemError` if the connection was lost.
  public nonisolated(nonsending) func readToEnd(upTo maximum: Int = 64 * 1024 * 1024) async throws -> [UInt8] {
    if handle.isCurrent(for: #isolation) { return try await handle.transport.readToEnd(upTo: maximum) }
    return try await handle.onLoop { try await $0.readToEnd(upTo: maximum) }
  }

  /// Waits for exactly so many bytes; asyncio's `readexactly`.
  ///
  /// - Throws: `IncompleteReadError` with what there was if the stream ends before; `SystemError` if the connection was
  ///   lost.
  public nonisolated(nonsending) func readExactly(_ count: Int) async throws -> [UInt8] {
    require(count >= 0, "readExactly wants a number of bytes")
    if handle.isCurrent(for: #isolation) { return try await handle.transport.readExactly(count) }
    return try await handle.onLoop { try await $0.readExactly(count) }
  }

  /// Waits for a separator and returns everything up to and with it; asyncio's `readuntil`.
  ///
  /// - Throws: `LimitOverrunError` if it isn't found within `limit` bytes, which stay in the stream;
  ///   `IncompleteReadError` with what there was if the stream ends before; `SystemError` if the connection was lost.
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

  /// Waits for a line and returns it, in UTF-8, without its end (`\n` or `\r\n`) unless asked for; asyncio's `readline`.
  ///
  /// - Returns: Nil at the end of the stream. The last line may lack its end.
  /// - Throws: `LimitOverrunError` if the line is longer than `limit`. What has arrived of it is dropped then, as asyncio
  ///   does, and the next call goes on behind that. `SystemError` if the connection was lost.
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

// MARK: - On the loop

extension StreamTransport {
  @inline(__always)
  nonisolated(nonsending) func read(upTo count: Int) async throws -> [UInt8] {
    try await loop.spendBudget()
    try beginRead("read")
    while input.isEmpty {
      if try isOver("read") { return [] }
      if pulling.isOn {
        var bytes: [UInt8] = []
        if pull(into: &bytes, upTo: min(count, Pulling.largest)) != nil {
          return bytes
        }
        if inputIsOver { continue }
      }
      try await waitForCompletion(1, "read")
    }
    let bytes = input.take(min(count, input.count))
    resumeReceiving()
    return bytes
  }

  @inline(__always)
  nonisolated(nonsending) func read(into buffer: inout [UInt8], upTo count: Int) async throws -> Int {
    try await loop.spendBudget()
    try beginRead("read")
    while input.isEmpty {
      if try isOver("read") {
        buffer.removeAll(keepingCapacity: true)
        return 0
      }
      if pulling.isOn {
        if let taken = pull(into: &buffer, upTo: min(count, Pulling.largest)) {
          return taken
        }
        if inputIsOver { continue }
      }
      try await waitForCompletion(1, "read")
    }
    let taken = input.take(upTo: count, into: &buffer)
    resumeReceiving()
    return taken
  }

  @inline(__always)
  nonisolated(nonsending) func readToEnd(upTo maximum: Int) async throws -> [UInt8] {
    try await loop.spendBudget()
    try beginRead("readToEnd")
    while try !isOver("readToEnd") {
      try await loop.spendBudget()
      if input.count > maximum {
        throw LimitOverrunError(limit: maximum, consumed: input.count, place: place("readToEnd"))
      }
      try await waitForInput(input.count + 1, "readToEnd")
    }
    if input.count > maximum {
      throw LimitOverrunError(limit: maximum, consumed: input.count, place: place("readToEnd"))
    }
    return input.take(input.count)
  }

  @inline(__always)
  nonisolated(nonsending) func readExactly(_ count: Int) async throws -> [UInt8] {
    try await loop.spendBudget()
    try beginRead("readExactly")
    while input.count < count {
      if try isOver("readExactly") {
        throw IncompleteReadError(partial: input.take(input.count), expected: count, place: place("readExactly"))
      }
      try await waitForInput(count, "readExactly")
    }
    let bytes = input.take(count)
    resumeReceiving()
    return bytes
  }

  @inline(__always)
  nonisolated(nonsending) func readUntil(_ separator: [UInt8]) async throws -> [UInt8] {
    try await loop.spendBudget()
    guard let end = try await waitFor(separator, "readUntil") else {
      throw IncompleteReadError(partial: input.take(input.count), expected: nil, place: place("readUntil"))
    }
    let bytes = input.take(end)
    resumeReceiving()
    return bytes
  }

  nonisolated(nonsending) func readUntil(anyOf separators: [[UInt8]]) async throws -> [UInt8] {
    try await loop.spendBudget()
    try beginRead("readUntil")
    let longest = separators.reduce(0) { max($0, $1.count) }
    var searched = 0
    while true {
      let ends = separators.compactMap { separator in
        input.endOfFirst(separator, from: searched).map { (end: $0, start: $0 - separator.count) }
      }
      // asyncio's rule: what ends first, and of those the one that begins last.
      if let first = ends.min(by: { ($0.end, -$0.start) < ($1.end, -$1.start) }) {
        if first.start > limit {
          throw LimitOverrunError(limit: limit, consumed: first.start, place: place("readUntil"))
        }
        let bytes = input.take(first.end)
        resumeReceiving()
        return bytes
      }
      searched = max(0, input.count - longest + 1)
      if searched > limit { throw LimitOverrunError(limit: limit, consumed: searched, place: place("readUntil")) }
      if try isOver("readUntil") {
        throw IncompleteReadError(partial: input.take(input.count), expected: nil, place: place("readUntil"))
      }
      try await waitForInput(input.count + 1, "readUntil")
    }
  }

  @inline(__always)
  nonisolated(nonsending) func readLine(strippingNewline: Bool) async throws -> String? {
    try await loop.spendBudget()
    let end: Int
    do {
      end = try await waitFor([0x0a], "readLine") ?? input.count
    } catch let error as LimitOverrunError {
      dropOverlongLine(error.consumed)
      throw error
    }
    if end == 0 { return nil }
    var line = UnsafeRawBufferPointer(rebasing: input.bytes[..<end])
    if strippingNewline && line.last == 0x0a {
      line = UnsafeRawBufferPointer(rebasing: line.dropLast())
      if line.last == 0x0d { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
    }
    let text = String(decoding: line, as: UTF8.self)
    input.drop(end)
    resumeReceiving()
    return text
  }

  /// The line is longer than the limit: it goes, as far as it has come, so that the next read doesn't meet it again.
  /// That is asyncio's rule.
  private func dropOverlongLine(_ length: Int) {
    let isWhole = length < input.count && input.bytes[length] == 0x0a
    input.drop(isWhole ? length + 1 : input.count)
    resumeReceiving()
  }

  /// Where the first separator ends; nil if the stream ends before.
  @inline(__always)
  private nonisolated(nonsending) func waitFor(_ separator: [UInt8], _ call: StaticString) async throws -> Int? {
    try beginRead(call)
    var searched = 0
    while true {
      if let end = input.endOfFirst(separator, from: searched) {
        if end > limit + separator.count {
          throw LimitOverrunError(limit: limit, consumed: end - separator.count, place: place(call))
        }
        return end
      }
      searched = max(0, input.count - separator.count + 1)
      if searched > limit { throw LimitOverrunError(limit: limit, consumed: searched, place: place(call)) }
      if try isOver(call) { return nil }
      try await waitForInput(input.count + 1, call)
    }
  }

  /// Whether there will be no more; throws if that is because the connection was lost.
  func isOver(_ call: StaticString) throws -> Bool {
    if let inputError { throw named(inputError, call) }
    return reachedEnd
  }
}
