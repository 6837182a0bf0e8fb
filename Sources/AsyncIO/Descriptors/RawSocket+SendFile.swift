// SPDX-License-Identifier: Apache-2.0
// Sends a file's bytes into a socket. sendfile(2) moves them within the kernel. It takes files only, so bytes of other
// sources are read and sent in pieces.

import AsyncIOCore
import Glibc

extension RawSocket {
  private static let piece = 256 * 1024

  /// Sends a part of a file; asyncio's `sock_sendfile`.
  ///
  /// ```swift
  /// let sent = try await socket.sendFile(descriptor, offset: 1024)
  /// ```
  ///
  /// - Parameters:
  ///   - file: A descriptor that can be read at an offset. It stays the caller's. However the call ends, its position
  ///     is then after the bytes that were sent.
  ///   - offset: Where to begin, in bytes from the file's beginning.
  ///   - count: How many bytes to send; nil for all up to the end.
  /// - Returns: How many bytes were sent: fewer than `count` if the file ends earlier.
  /// - Throws: `SystemError` if the connection was lost, or the file can't be read. `CancellationError` if the task is
  ///   cancelled while it waits for room: the file's position tells how much was sent.
  @discardableResult
  public nonisolated(nonsending) func sendFile(
    _ file: Int32, offset: Int = 0, count: Int? = nil
  ) async throws -> Int {
    require(offset >= 0, "RawSocket.sendFile: offset is \(offset); it must be 0 or more")
    require(count ?? 1 > 0, "RawSocket.sendFile: count must be 1 or more")
    var sent = 0
    defer { if sent > 0 { _ = lseek(file, off_t(offset + sent), SEEK_SET) } }
    while sent < count ?? .max {
      let wanted = min(Self.piece * 4, (count ?? .max) - sent)
      do {
        let piece = try await waiting(for: .output, "sendfile") {
          SocketCalls.sendFile(file, offset: Int64(offset + sent), count: wanted, to: descriptor)
        }
        if piece == 0 { break }
        sent += piece
      } catch let error as SystemError where sent == 0 && Self.wantsCopy(error) {
        try await copyFile(file, offset: offset, count: count, sent: &sent)
        break
      }
    }
    return sent
  }

  /// Whether the error of sendfile(2) allows reading and writing instead.
  private static func wantsCopy(_ error: SystemError) -> Bool {
    error.operation == "sendfile" && [EINVAL, ENOSYS, EOPNOTSUPP].contains(error.code.rawValue)
  }

  private nonisolated(nonsending) func copyFile(
    _ file: Int32, offset: Int, count: Int?, sent: inout Int
  ) async throws {
    let source = FileSource(descriptor: file, name: "descriptor \(file)")
    while sent < count ?? .max {
      let (position, wanted) = (offset + sent, min(Self.piece, (count ?? .max) - sent))
      let bytes = try await onCurrentLoop { loop in
        try await loop.runBlocking(WaitReason("read a file")) { source.read(from: position, upTo: wanted) }.get()
      }
      if bytes.isEmpty { return }
      var done = 0
      while done < bytes.count {
        let piece = try await waiting(for: .output, "send") {
          bytes.withUnsafeBytes { SocketCalls.send(UnsafeRawBufferPointer(rebasing: $0[done...]), to: descriptor) }
        }
        done += piece
        sent += piece
      }
    }
  }
}
