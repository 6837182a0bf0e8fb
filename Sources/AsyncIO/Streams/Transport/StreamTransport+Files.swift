// SPDX-License-Identifier: Apache-2.0
// Files, sent by the kernel from its page cache to the socket; see FileSender. Through a filter (TLS), and into what is
// not a socket, they go as copies.

import AsyncIOCore
import Glibc

extension StreamTransport {
  nonisolated(nonsending) func sendFile(_ path: String, from offset: Int, count: Int?) async throws -> Int {
    let waited = FileWait(path)
    let opened = try await loop.runFileJob(WaitReason("open", on: waited)) { files in
      try Path(path).naming("open") { () throws(Errno) in try OpenFile(Path(path), of: files, flags: O_RDONLY) }
    }
    return try await send(FileSource(opened, name: path), from: offset, count: count ?? .max)
  }

  nonisolated(nonsending) func send(_ source: FileSource, from offset: Int, count: Int) async throws -> Int {
    try beginWrite("sendFile")
    var sender = FileSender(source, from: offset, count: count)
    guard filter == nil, isSocket else { return try await sendCopy(&sender) }
    try await waitUntilIdle()
    state.output.hold()
    var holds = true
    defer { if holds { release() } }
    while !sender.isDone {
      try await sender.readAhead(on: loop, WaitReason("read", on: self))
      guard state.isOpen, outputError == nil else {
        throw named(outputError ?? StreamError.writeAfterEnd, "sendFile")
      }
      switch sender.sendPiece({ loop.sockets.sendFile($0, from: $1, count: $2, to: number) }) {
      case .sent(let count):
        state.output.count(count)
        try await loop.spendBudget()
      case .isFull: try await waitUntilWritable()
      case .ended: return sender.sent
      case .wantsCopy:
        // The copy goes the way of all writes, and the output may meanwhile be another file's.
        holds = false
        release()
        return try await sendCopy(&sender)
      case .failed(let code):
        failOutput(SystemError("sendfile", "\(source.name) to \(waitDescription)", code: code))
      }
    }
    return sender.sent
  }

  /// The rest of a file by way of this process; returns how much was sent of the whole.
  private nonisolated(nonsending) func sendCopy(_ sender: inout FileSender) async throws -> Int {
    while !sender.isDone {
      let bytes = try await sender.copyPiece(on: loop, WaitReason("read", on: self))
      if bytes.isEmpty { break }
      if try unsafe bytes.withUnsafeBytes({ try unsafe write($0) }) { try await waitForRoom() }
      sender.advance(by: bytes.count)
    }
    return sender.sent
  }
}

private final class FileWait: WaitObject {
  let waitDescription: String
  init(_ name: String) { waitDescription = name }
}
