// SPDX-License-Identifier: Apache-2.0

import Glibc

extension File {
  /// The lines of the file, without their ends; Python's `for line in file`.
  ///
  /// ```swift
  /// try await withFile("words.txt") { file in
  ///   for try await line in file.lines() { print(line) }
  /// }
  /// ```
  ///
  /// A line ends with `\n`, or with `\r\n`; the last one may have no end. Bytes that are not UTF-8 become U+FFFD. The
  /// file is read in pieces of 64 KiB.
  ///
  /// - Parameters:
  ///   - position: Where to begin.
  ///   - limit: How long a line may be, in bytes: a longer one is a `LimitOverrunError`.
  public func lines(from position: Int = 0, limit: Int = 1 << 20) -> FileLines {
    FileLines(reader: reader(from: position), limit: limit)
  }
}

/// See `File.lines`.
public struct FileLines: AsyncSequence, Sendable {
  let reader: FileReader
  let limit: Int

  public func makeAsyncIterator() -> Iterator { Iterator(reader: reader, limit: limit) }

  public struct Iterator: AsyncIteratorProtocol {
    var reader: FileReader
    let limit: Int

    public mutating func next() async throws -> String? { try await reader.readLine(limit: limit) }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> String? {
      try await reader.readLine(limit: limit)
    }
  }
}

extension FileReader {
  /// Reads a line, without its end; nil at the end of the file. See `File.lines`.
  ///
  /// - Throws: `LimitOverrunError` for a line longer than the limit, and then the position is as before; otherwise as
  ///   `read`.
  public nonisolated(nonsending) mutating func readLine(limit: Int = 1 << 20) async throws -> String? {
    var searched = start
    while true {
      let end = unsafe buffer.withUnsafeBytes { bytes -> Int? in
        guard searched < bytes.count, let base = bytes.baseAddress,
          let found = unsafe memchr(base + searched, 0x0a, bytes.count - searched)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - base
      }
      if (end ?? buffer.count) - start > limit {
        throw LimitOverrunError(limit: limit, consumed: buffer.count - start, place: "readLine \(file.path)")
      }
      if let end { return take(upTo: end, and: 1) }
      if start > 0 {
        buffer.removeFirst(start)
        start = 0
      }
      searched = buffer.count
      let more = try await file.read(upTo: 65_536, at: position + buffer.count)
      if more.isEmpty { return buffer.isEmpty ? nil : take(upTo: buffer.count, and: 0) }
      buffer += more
    }
  }

  private mutating func take(upTo end: Int, and separator: Int) -> String {
    var line = buffer[start..<end]
    if separator > 0, line.last == 0x0d { line = line.dropLast() }
    let text = String(decoding: line, as: UTF8.self)
    let (rest, next) = (buffer, end + separator)
    // Setting the position drops what was read ahead, since it may be set to anywhere.
    position += next - start
    buffer = rest
    start = next
    return text
  }
}
