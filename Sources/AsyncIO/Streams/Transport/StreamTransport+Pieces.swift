// SPDX-License-Identifier: Apache-2.0
// Writes of several arrays with one system call, and writes from which the kernel takes no copy.

import AsyncIOCore

extension StreamTransport {
  package func write(contentsOf pieces: [[UInt8]]) throws -> Bool {
    let count = pieces.reduce(0) { $0 + $1.count }
    if filter == nil && isSocket && outputIsIdle && count > Self.largestBatched {
      try beginWrite()
      // Safety: the arrays stay where they are as long as `pieces` holds them, which nobody mutates.
      let sent = unsafe loop.sockets.send(
        pieces.map { unsafe $0.withUnsafeBytes { UnsafeRawBufferPointer($0) } }, to: number)
      if sent > 0 { state.output.count(sent) }
      if sent >= count { return false }
      if sent < 0 && !SystemError.Code(rawValue: Int32(-sent)).isTemporary {
        failOutput(SystemError("send", waitDescription, result: sent))
      }
      var skipped = max(0, sent)
      for piece in pieces {
        let left = piece.dropFirst(skipped)
        skipped -= piece.count - left.count
        if !left.isEmpty { unsafe left.withUnsafeBytes { unsafe emit($0) } }
      }
      if let outputError { throw named(outputError, "write") }
      return pendingOutput > Self.highWater
    }
    var waits = false
    for piece in pieces where !piece.isEmpty { waits = try unsafe piece.withUnsafeBytes { try unsafe write($0) } }
    return waits
  }

  nonisolated(nonsending) func writeZeroCopy(_ bytes: [UInt8]) async throws {
    try await loop.spendBudget()
    guard filter == nil, isSocket, !bytes.isEmpty else {
      if try unsafe bytes.withUnsafeBytes({ try unsafe write($0) }) { try await waitForRoom() }
      return
    }
    try await waitUntilIdle()
    let kept = KeptBytes(bytes)
    unsafe state.output.startedSending(loop.sendZeroCopy(kept.view, to: number, owner: kept, sink: self))
    while state.output.hasOperation { try await waitForOutput() }
    if let outputError { throw named(outputError, "write") }
  }
}

/// Keeps bytes in place while the kernel reads them. `@safe`: the view is of an array that this object holds.
@safe private final class KeptBytes {
  private let bytes: [UInt8]
  let view: UnsafeRawBufferPointer

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    // Safety: an array's elements stay where they are as long as it is held and nobody mutates it; this one is a
    // constant.
    unsafe view = unsafe bytes.withUnsafeBytes { UnsafeRawBufferPointer($0) }
  }
}
