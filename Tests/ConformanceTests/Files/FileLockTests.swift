// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Locks of files") struct FileLockTests {
  @Test(arguments: BackendKind.conforming)
  func `one has an exclusive lock, several a shared one, and waiting ends with the lock`(
    backend: BackendKind
  ) async throws {
    try await withFolder(backend) { folder in
      let mode = FileMode.update.with(.create)
      let (one, two) = (try await openFile(folder / "f", mode), try await openFile(folder / "f", mode))
      #expect(try one.tryLock())
      let refused = [try two.tryLock(), try two.tryLock(.shared)]
      #expect(refused == [false, false])
      let waiting = Task {
        try await two.lock(.shared)
        return EventLoop.current.time
      }
      try await sleep(.milliseconds(20))
      let before = EventLoop.current.time
      try one.unlock()
      let after = try await waiting.value
      #expect(after >= before)
      let shared = [try one.tryLock(.shared), try one.tryLock(.exclusive)]
      #expect(shared == [true, false])
      // Parts are locked by themselves.
      try two.unlock()
      try one.unlock()
      let parts = [
        try one.tryLock(from: 0, count: 10), try two.tryLock(from: 10, count: 10), try two.tryLock(from: 9, count: 1),
      ]
      #expect(parts == [true, true, false])
      let cancelled = Task { try await two.lock(from: 0, count: 5) }
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      // Closing releases.
      try await one.close()
      // A child that another test is starting has a copy of the descriptor, and with it the lock, until it is another
      // program: so this waits.
      try await two.lock()
      try await two.close()
    }
  }
}
