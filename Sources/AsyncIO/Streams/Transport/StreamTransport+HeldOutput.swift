// SPDX-License-Identifier: Apache-2.0
// The output in one hand: for what doesn't go through the stream's own buffer, a file or a message with descriptors.
// Its sender waits until everything before it has left, takes hold, sends by calls of its own, and waits for room
// between them; what others write meanwhile is kept, and leaves when it lets go.

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
    switch state.output.release(isClosed: state.phase == .closed, pending: !output.isEmpty) {
    case .nothing: break
    case .sends: sendNext()
    case .idle(let shutsDown):
      if shutsDown { shutDown() }
      wakeWriters()
      closeIfIdle()
    }
  }

  nonisolated(nonsending) func waitUntilWritable() async throws {
    state.output.startedPolling(loop.poll(number, events: UInt32(POLLOUT), sink: self))
    defer { if let operation = state.output.operationID { loop.cancel(operation) } }
    // Until the poll has ended: it takes the place of the next one, or of a send.
    while state.output.polls { try await waitForOutput() }
  }

  /// The socket has room, or the poll has ended.
  func becameWritable(_ completion: Completion) {
    guard completion.isLast else {
      if let operation = state.output.operationID { loop.cancel(operation) }
      return
    }
    state.output.operationEnded()
    // The task that polled may have gone meanwhile.
    if state.output.isHeld { wakeWriters() } else { release() }
    if state.isClosing { closeIfIdle() }
  }
}
