// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A connection as one thing: what a reader and a writer can do, with one way to close both.
///
/// ```swift
/// let stream = try await ByteStream.connect(host: "127.0.0.1", port: 8080)
/// try await stream.write("ping\n")
/// let answer = try await stream.readLine()
/// try await stream.close()
/// ```
///
/// Its halves, `reader` and `writer`, can be given to different tasks; each of them keeps the connection open. Two
/// one-way streams make one as well: `ByteStream(reader: .standardInput…)` with two pipes. Everything here is as the
/// methods of `StreamReader` and `StreamWriter` have it, cancellation included.
public final class ByteStream: Sendable {
  /// The incoming half.
  public let reader: StreamReader
  /// The outgoing half.
  public let writer: StreamWriter

  /// Of two halves, which need not belong to one connection: the two pipes of a process make a stream.
  public init(reader: StreamReader, writer: StreamWriter) {
    self.reader = reader
    self.writer = writer
  }

  package convenience init(_ handle: StreamHandle) {
    self.init(reader: StreamReader(handle), writer: StreamWriter(handle))
  }

  // MARK: - Reading

  /// See `StreamReader.read(upTo:)`.
  public nonisolated(nonsending) func read(upTo count: Int) async throws -> [UInt8] {
    try await reader.read(upTo: count)
  }

  /// See `StreamReader.read(into:upTo:)`.
  @discardableResult
  public nonisolated(nonsending) func read(into buffer: inout [UInt8], upTo count: Int = 65_536) async throws -> Int {
    try await reader.read(into: &buffer, upTo: count)
  }

  /// See `StreamReader.readToEnd(upTo:)`.
  public nonisolated(nonsending) func readToEnd(upTo maximum: Int = 64 * 1024 * 1024) async throws -> [UInt8] {
    try await reader.readToEnd(upTo: maximum)
  }

  /// See `StreamReader.readExactly(_:)`.
  public nonisolated(nonsending) func readExactly(_ count: Int) async throws -> [UInt8] {
    try await reader.readExactly(count)
  }

  /// See `StreamReader.readUntil(_:)`.
  public nonisolated(nonsending) func readUntil(_ separator: [UInt8]) async throws -> [UInt8] {
    try await reader.readUntil(separator)
  }

  /// See `StreamReader.readLine(strippingNewline:)`.
  public nonisolated(nonsending) func readLine(strippingNewline: Bool = true) async throws -> String? {
    try await reader.readLine(strippingNewline: strippingNewline)
  }

  /// The lines of the stream.
  ///
  /// ```swift
  /// for try await line in stream.lines { print(line) }
  /// ```
  public var lines: StreamReader.Lines { reader.lines }

  /// See `StreamReader.isAtEnd`.
  public var isAtEnd: Bool { reader.isAtEnd }

  // MARK: - Writing

  /// See `StreamWriter.write(_:)`.
  public nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws { try await writer.write(bytes) }

  /// Writes a part of an array.
  public nonisolated(nonsending) func write(_ bytes: ArraySlice<UInt8>) async throws { try await writer.write(bytes) }

  /// Writes a text in UTF-8.
  public nonisolated(nonsending) func write(_ text: String) async throws { try await writer.write(text) }

  /// See `StreamWriter.drain()`.
  public nonisolated(nonsending) func drain() async throws { try await writer.drain() }

  /// See `StreamWriter.writeEOF()`.
  public nonisolated(nonsending) func writeEOF() async throws { try await writer.writeEOF() }

  // MARK: - The end

  /// Sends what was written, closes the connection, and returns when that is done; see `StreamWriter.close()`.
  public nonisolated(nonsending) func close() async throws {
    var failure: (any Error)?
    if reader.handle !== writer.handle {
      // A cancellation ends the wait for it, and the writer is to be closed all the same.
      do { try await reader.close() } catch { failure = error }
    }
    try await writer.close()
    if let failure { throw failure }
  }

  /// Closes the connection at once; see `StreamWriter.abort()`.
  public func abort() {
    if reader.handle !== writer.handle { reader.abort() }
    writer.abort()
  }

  /// See `StreamWriter.isClosing`.
  public var isClosing: Bool { writer.isClosing }

  // MARK: - About the connection

  /// The peer's address. On the stream's loop.
  public var peerAddress: SocketAddress? { writer.peerAddress }

  /// The connection's own address; nil once it is closed. On the stream's loop.
  public var localAddress: SocketAddress? { writer.localAddress }
}
