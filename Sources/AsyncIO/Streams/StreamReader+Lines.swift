// SPDX-License-Identifier: Apache-2.0

extension StreamReader {
  /// The lines of the stream, as `readLine` gives them; asyncio's `async for line in reader`.
  ///
  /// ```swift
  /// for try await line in reader.lines { print(line) }
  /// ```
  public var lines: Lines { Lines(reader: self) }

  /// See `lines`.
  public struct Lines: AsyncSequence, Sendable {
    let reader: StreamReader

    public func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    public struct Iterator: AsyncIteratorProtocol {
      let reader: StreamReader

      public mutating func next() async throws -> String? { try await reader.readLine() }

      public mutating func next(isolation actor: isolated (any Actor)?) async throws -> String? {
        try await reader.readLine()
      }
    }
  }
}
