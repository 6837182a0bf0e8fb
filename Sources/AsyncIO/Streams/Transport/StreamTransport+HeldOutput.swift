// SPDX-License-Identifier: Apache-2.0
// The output in one hand: for what doesn't go through the stream's own buffer, a file or a message with descriptors. Its
// sender waits until everything before it has left, takes hold, sends by calls of its own, and waits for room between
// them; what others write meanwhile is kept, and leaves when it lets go.

import AsyncIOCore
import Glibc

extension StreamTransport {
  /// Waits until everything that was written has left, so that the next bytes may leave past the stream's own buffer.
  nonisolated(nonsending) func waitUntilIdle() async throws {
    try beginWrite()
    while !outputIsIdle {
      try await waitForOutput()
      try beginWrite()
    }
  }

  /// Others may write again; what they wrote meanwhile leaves.
  func release() {
    outputIsHeld = false
    if state == .closed || pollsForRoom { return }
    if output.isEmpty {
      if wroteEnd { shutDown() }
      wakeWriters()
      closeIfIdle()
    } else {
      sendNext()
    }
  }

  nonisolated(nonsending) func waitUntilWritable() async throws {
    pollsForRoom = true
    sending = loop.poll(number, events: UInt32(POLLOUT), sink: self)
    defer { if let sending { loop.cancel(sending) } }
    // Until the poll has ended: it takes the place of the next one, or of a send.
    while pollsForRoom { try await waitForOutput() }
  }

  /// The socket has room, or the poll has ended.
  func becameWritable(_ completion: Completion) {
    guard completion.isLast else {
      if let sending { loop.cancel(sending) }
      return
    }
    sending = nil
    pollsForRoom = false
    // The task that polled may have gone meanwhile.
    if outputIsHeld { wakeWriters() } else { release() }
    if state == .closing { closeIfIdle() }
  }
}
