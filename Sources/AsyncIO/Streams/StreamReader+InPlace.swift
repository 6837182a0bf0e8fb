// SPDX-License-Identifier: Apache-2.0
// Reads that lend the bytes where they lie, or give them piece by piece.

import AsyncIOCore

extension StreamReader {
  /// Lends what has arrived, without a copy: waits for at least `count` bytes, hands all there are to the body, and
  /// forgets as many of the first as the body returns.
  ///
  /// ```swift
  /// // Messages with their length in the first byte.
  /// let end = try await reader.withBytes(atLeast: 1) { bytes in
  ///   let size = Int(bytes.unsafeLoad(as: UInt8.self))
  ///   return bytes.byteCount > size ? size + 1 : 0
  /// }
  /// ```
  ///
  /// At the end of the stream the body gets what is left, which may be nothing. A body that needs more than it got
  /// returns 0, and asks for more the next time: `atLeast` one more than there were.
  ///
  /// Within the body the stream can't be read, not by a task that it starts at once either: that throws
  /// `StreamError.lent`.
  ///
  /// - Returns: How many bytes were lent: fewer than `count` only at the end of the stream.
  /// - Throws: What the body throws; `LimitOverrunError` if more than twice the `limit` is asked for; `SystemError` if
  ///   the connection was lost. Nothing is forgotten then.
  @discardableResult
  public nonisolated(nonsending) func withBytes(
    atLeast count: Int = 1, _ body: (RawSpan) throws -> Int
  ) async throws -> Int {
    require(count > 0, "withBytes(atLeast:) wants at least one byte")
    if handle.isCurrent(for: #isolation) {
      let transport = handle.transport
      try await transport.loop.spendBudget()
      try await transport.waitForBytes(count)
      let lent = transport.unreadCount
      try unsafe transport.withUnread { try unsafe body($0.bytes) }
      return lent
    }
    // The body stays where it is, so the bytes come to it.
    let bytes = try await handle.onLoop { transport in
      try await transport.waitForBytes(count)
      return try transport.beginLoan()
    }
    let taken = Result { try unsafe body(bytes.span.bytes) }
    let count = (try? taken.get()) ?? 0
    handle.transport.requireTaken(count, of: bytes.count)
    try await handle.onLoop { $0.endLoan(taking: count) }
    _ = try taken.get()
    return bytes.count
  }

  /// The bytes of the stream in pieces as they arrive, until its end.
  ///
  /// ```swift
  /// for try await piece in reader.chunks() { print(piece.count) }
  /// ```
  ///
  /// - Parameter count: The largest size of a piece.
  public func chunks(upTo count: Int = 65_536) -> Chunks { Chunks(reader: self, size: count) }

  /// See `chunks(upTo:)`.
  public struct Chunks: AsyncSequence, Sendable {
    let reader: StreamReader
    let size: Int

    public func makeAsyncIterator() -> Iterator { Iterator(chunks: self) }

    public struct Iterator: AsyncIteratorProtocol {
      let chunks: Chunks

      public mutating func next() async throws -> [UInt8]? {
        let bytes = try await chunks.reader.read(upTo: chunks.size)
        return bytes.isEmpty ? nil : bytes
      }

      public mutating func next(isolation actor: isolated (any Actor)?) async throws -> [UInt8]? {
        let bytes = try await chunks.reader.read(upTo: chunks.size)
        return bytes.isEmpty ? nil : bytes
      }
    }
  }
}

extension ByteStream {
  /// See `StreamReader.withBytes(atLeast:_:)`.
  @discardableResult
  public nonisolated(nonsending) func withBytes(
    atLeast count: Int = 1, _ body: (RawSpan) throws -> Int
  ) async throws -> Int {
    try await reader.withBytes(atLeast: count, body)
  }

  /// See `StreamReader.chunks(upTo:)`.
  public func chunks(upTo count: Int = 65_536) -> StreamReader.Chunks { reader.chunks(upTo: count) }
}
