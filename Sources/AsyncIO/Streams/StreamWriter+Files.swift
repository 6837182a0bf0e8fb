// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

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

  /// The same with an open file.
  ///
  /// ```swift
  /// try await withFile("index.html") { page in
  ///   _ = try await writer.sendFile(page)
  /// }
  /// ```
  ///
  /// - Throws: As `sendFile(_:from:count:)` of a path.
  public nonisolated(nonsending) func sendFile(
    _ file: File, from offset: Int = 0, count: Int? = nil
  ) async throws -> Int {
    require(offset >= 0 && (count ?? 0) >= 0, "sendFile: an offset and a count are 0 or more")
    return try await sendFile(try file.opened("sendfile"), named: file.path.description, from: offset, count: count)
  }

  /// The same with a file of a service above this one. `name` is for errors.
  package nonisolated(nonsending) func sendFile(
    _ file: OpenFile, named name: String, from offset: Int, count: Int?
  ) async throws -> Int {
    try await send(FileSource(file, name: name), from: offset, count: count)
  }

  private nonisolated(nonsending) func send(
    _ source: FileSource, from offset: Int, count: Int?
  ) async throws -> Int {
    if handle.isCurrent(for: #isolation) {
      return try await handle.transport.send(source, from: offset, count: count ?? .max)
    }
    return try await handle.onLoop { try await $0.send(source, from: offset, count: count ?? .max) }
  }

  /// The same with a descriptor of a file, which stays the caller's, and whose position does not change.
  public nonisolated(nonsending) func sendFile(
    descriptor: Int32, from offset: Int = 0, count: Int? = nil
  ) async throws -> Int {
    require(offset >= 0 && (count ?? 0) >= 0, "sendFile: an offset and a count are 0 or more")
    let source = FileSource(descriptor: descriptor, name: "descriptor \(descriptor)")
    return try await send(source, from: offset, count: count)
  }
}

extension ByteStream {
  /// See `StreamWriter.sendFile(_:from:count:)`.
  public nonisolated(nonsending) func sendFile(
    _ path: String, from offset: Int = 0, count: Int? = nil
  ) async throws -> Int {
    try await writer.sendFile(path, from: offset, count: count)
  }

  /// See `StreamWriter.sendFile(_:from:count:)`.
  public nonisolated(nonsending) func sendFile(
    _ file: File, from offset: Int = 0, count: Int? = nil
  ) async throws -> Int {
    try await writer.sendFile(file, from: offset, count: count)
  }
}
