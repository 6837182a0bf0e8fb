// SPDX-License-Identifier: Apache-2.0
// A position in a file belongs to who goes through the file, and not to the file: two tasks with one shared position
// would read each other's bytes. So a reader is a value with a position of its own, and a copy of it is a bookmark.

/// A position in a file from which one task reads on.
///
/// ```swift
/// try await withFile("records.bin") { file in
///   var reader = file.reader()
///   while let record = try await reader.readRecord(of: 128) { print(record.count) }
/// }
/// ```
public struct FileReader: Sendable {
  /// The file.
  public let file: File
  /// Where the next read begins, in bytes from the beginning. Set it to go elsewhere; `seek`.
  public var position: Int { didSet { buffer = [] } }
  /// What was read and not given, from `start` on.
  var buffer: [UInt8] = []
  var start = 0

  init(_ file: File, from position: Int) {
    self.file = file
    self.position = position
  }

  /// Reads on.
  ///
  /// - Returns: At least one byte, or none at the end of the file.
  /// - Throws: As `File.read(upTo:at:)`, and then the position is as before.
  public nonisolated(nonsending) mutating func read(upTo count: Int = 65_536) async throws -> [UInt8] {
    let bytes = try await file.read(upTo: count, at: position)
    position += bytes.count
    return bytes
  }

  /// Reads exactly so many bytes, or nil at the end of the file.
  ///
  /// - Throws: `IncompleteReadError` if the file ends within them; otherwise as `read`.
  public nonisolated(nonsending) mutating func readRecord(of count: Int) async throws -> [UInt8]? {
    do {
      let bytes = try await file.readExactly(count, at: position)
      position += count
      return bytes
    } catch let error as IncompleteReadError where error.partial.isEmpty {
      return nil
    }
  }

  /// Reads all that is left.
  ///
  /// - Throws: As `File.readAll`.
  public nonisolated(nonsending) mutating func readToEnd(upTo maximum: Int = 1 << 30) async throws -> [UInt8] {
    let bytes = try await file.readAll(from: position, upTo: maximum)
    position += bytes.count
    return bytes
  }
}

/// A position in a file at which one task writes on.
///
/// ```swift
/// try await withFile("out.txt", .write) { file in
///   var writer = file.writer()
///   for line in ["one", "two"] { try await writer.write(line + "\n") }
/// }
/// ```
///
/// Nothing is kept back: when `write` returns the file has the bytes.
public struct FileWriter: Sendable {
  /// The file.
  public let file: File
  /// Where the next write begins, in bytes from the beginning.
  public var position: Int

  init(_ file: File, from position: Int) {
    self.file = file
    self.position = position
  }

  /// Writes bytes and moves on.
  ///
  /// - Throws: As `File.write(_:at:)`, and then the position is as before.
  public nonisolated(nonsending) mutating func write(_ bytes: [UInt8]) async throws {
    try await file.write(bytes, at: position)
    position += bytes.count
  }

  /// Writes a text as UTF-8 and moves on.
  ///
  /// - Throws: As `write(_:)`.
  public nonisolated(nonsending) mutating func write(_ text: String) async throws {
    try await write(Array(text.utf8))
  }

  /// Writes all pieces of a sequence, put together to 256 KiB at a time, and moves on.
  ///
  /// ```swift
  /// try await withFile("page.html", .write) { file in
  ///   var writer = file.writer()
  ///   try await writer.write(contentsOf: pieces)
  /// }
  /// ```
  ///
  /// - Throws: As `write(_:)`, and what the sequence throws: what came before is written then.
  public nonisolated(nonsending) mutating func write<Pieces: AsyncSequence>(
    contentsOf pieces: Pieces
  ) async throws where Pieces.Element == [UInt8] {
    var kept: [UInt8] = []
    do {
      for try await piece in pieces {
        if kept.count + piece.count > 256 * 1024, !kept.isEmpty {
          try await write(kept)
          kept.removeAll(keepingCapacity: true)
        }
        if kept.isEmpty && piece.count >= 128 * 1024 { try await write(piece) } else { kept += piece }
      }
    } catch {
      if !kept.isEmpty { try? await write(kept) }
      throw error
    }
    if !kept.isEmpty { try await write(kept) }
  }
}

extension File {
  /// A position to read on from.
  public func reader(from position: Int = 0) -> FileReader { FileReader(self, from: position) }

  /// A position to write on at.
  public func writer(from position: Int = 0) -> FileWriter { FileWriter(self, from: position) }
}
