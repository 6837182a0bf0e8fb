// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

extension RawSocket {
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
    let source = FileSource(descriptor: file, name: "descriptor \(file)")
    var sender = FileSender(source, from: offset, count: count ?? .max)
    defer { if sender.sent > 0 { _ = lseek(file, off_t(sender.position), SEEK_SET) } }
    while !sender.isDone {
      try await EventLoop.spendBudget()
      if !sender.isCached {
        let part = sender
        try await onCurrentLoop { try await part.readAhead(on: $0, WaitReason("read a file")) }
      }
      switch sender.sendPiece({ SystemCall.sendFile($0, from: $1, count: $2, to: descriptor) }) {
      case .sent: continue
      case .isFull: try await waitWritable(descriptor)
      case .ended: return sender.sent
      case .wantsCopy:
        try await sendCopy(&sender)
        return sender.sent
      case .failed(let code): throw SystemError("sendfile", "descriptor \(descriptor)", code: code)
      }
    }
    return sender.sent
  }

  private nonisolated(nonsending) func sendCopy(_ sender: inout FileSender) async throws {
    while !sender.isDone {
      let part = sender
      let bytes = try await onCurrentLoop { try await part.copyPiece(on: $0, WaitReason("read a file")) }
      if bytes.isEmpty { return }
      var done = 0
      while done < bytes.count {
        let piece = try await waiting(for: .output, "send") {
          unsafe bytes.withUnsafeBytes {
            unsafe SystemCall.send(UnsafeRawBufferPointer(rebasing: $0[done...]), to: descriptor)
          }
        }
        done += piece
        sender.advance(by: piece)
      }
    }
  }
}
