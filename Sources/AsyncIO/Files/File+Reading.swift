// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

extension File {
  /// Reads from a place in the file; `os.pread`.
  ///
  /// ```swift
  /// let part = try await opened.read(upTo: 4096, at: 8192)
  /// ```
  ///
  /// What is in the page cache comes at once. Part of it may be: then that part is what you get.
  ///
  /// - Returns: At least one byte, or none at the end of the file.
  /// - Throws: `SystemError`; see pread(2). `CancellationError` if the task is cancelled before the bytes are there.
  public nonisolated(nonsending) func read(upTo count: Int, at offset: Int) async throws -> [UInt8] {
    require(count > 0 && offset >= 0, "File.read(upTo:at:) wants one byte at least, from an offset of 0 or more")
    let open = try opened("read")
    try await EventLoop.spendBudget()
    do {
      if let bytes = try EventLoop.readAtOnce(open, at: offset, upTo: count) {
        EventLoop.spendBudget(forBytes: bytes.count)
        return bytes
      }
      if !open.isSeekable { return try await readInOrder(open, upTo: count) }
      return try await onCurrentLoop { loop in
        try await loop.readUncached(open, at: offset, upTo: count, WaitReason("read", on: self))
      }
    } catch {
      throw named(error, "read")
    }
  }

  /// From what has no places: waits for input, and takes it.
  private nonisolated(nonsending) func readInOrder(_ open: OpenFile, upTo count: Int) async throws -> [UInt8] {
    while true {
      do throws(Errno) {
        return try EventLoop.readNow(open, at: nil, upTo: count)
      } catch {
        if error.code != EAGAIN { throw error }
      }
      try await waitReadable(open.number)
    }
  }

  /// Reads exactly so many bytes from a place in the file.
  ///
  /// ```swift
  /// let header = try await opened.readExactly(64, at: 0)
  /// ```
  ///
  /// - Throws: `IncompleteReadError` that has the bytes if the file ends before; otherwise as `read(upTo:at:)`.
  public nonisolated(nonsending) func readExactly(_ count: Int, at offset: Int) async throws -> [UInt8] {
    require(count >= 0 && offset >= 0, "File.readExactly wants a number of bytes and an offset of 0 or more")
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = try await read(upTo: count - bytes.count, at: offset + bytes.count)
      if more.isEmpty {
        throw IncompleteReadError(partial: bytes, expected: count, place: "readExactly \(path)")
      }
      if bytes.isEmpty { bytes = more } else { bytes += more }
    }
    return bytes
  }

  /// Reads the rest of the file from a place on.
  ///
  /// ```swift
  /// let tail = try await opened.readAll(from: 1024)
  /// ```
  ///
  /// - Parameter maximum: How many bytes to accept.
  /// - Throws: `LimitOverrunError` if there are more; otherwise as `read(upTo:at:)`.
  public nonisolated(nonsending) func readAll(
    from offset: Int = 0, upTo maximum: Int = 1 << 30
  ) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    let expected = try await max(0, size - offset)
    while true {
      // One more than there should be, to see the end with the last bytes.
      let more = try await read(upTo: max(4096, min(expected - bytes.count + 1, 1 << 20)), at: offset + bytes.count)
      if more.isEmpty { return bytes }
      if bytes.isEmpty { bytes = more } else { bytes += more }
      if bytes.count > maximum {
        throw LimitOverrunError(limit: maximum, consumed: bytes.count, place: "readAll \(path)")
      }
    }
  }
}
