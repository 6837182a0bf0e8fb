// SPDX-License-Identifier: Apache-2.0
// Locks of the open file (F_OFD_SETLK in fcntl(2), Linux 3.15). They belong to the opened file and not to the process.
// So two tasks that opened the same file lock each other out, and closing another descriptor of it releases nothing.
//
// To wait in the kernel would hold a thread that can't be cancelled, and would be no time of the loop. So a wait tries
// again, first soon, then every fifty milliseconds.

public import AsyncIOCore
import Glibc

extension File {
  /// Locks the file, or a part of it, against all who ask for a lock, too; `fcntl.lockf`. Waits until others unlock.
  ///
  /// ```swift
  /// let file = try await openFile("app.lock", .update.with(.create))
  /// try await file.lock()
  /// ```
  ///
  /// The lock goes with `unlock`, when the file is closed, and when the process ends. Reads and writes heed no lock. A
  /// second lock of one file exchanges the first one. Waiting tasks get it in no certain order.
  ///
  /// **Cancellation** throws `CancellationError`, and the file isn't locked.
  ///
  /// - Parameters:
  ///   - lock: `.exclusive` wants a file that was opened for writing, `.shared` one for reading.
  ///   - offset: Where the part begins.
  ///   - count: Its length in bytes; 0 is to the end, wherever that will be.
  /// - Throws: `SystemError`; EBADF if the file was opened for the other direction only.
  public nonisolated(nonsending) func lock(
    _ lock: FileLock = .exclusive, from offset: Int = 0, count: Int = 0
  ) async throws {
    var pause = Duration.milliseconds(1)
    while try !tryLock(lock, from: offset, count: count) {
      try await sleep(pause)
      pause = min(pause * 2, .milliseconds(50))
    }
  }

  /// Locks the file, or a part of it, if nobody else has a lock that stands against it.
  ///
  /// ```swift
  /// let file = try await openFile("app.lock", .update.with(.create))
  /// if try !file.tryLock() { print("it runs already") }
  /// ```
  ///
  /// - Returns: Whether it is locked now.
  /// - Throws: As `lock`.
  public func tryLock(_ lock: FileLock = .exclusive, from offset: Int = 0, count: Int = 0) throws -> Bool {
    require(offset >= 0 && count >= 0, "File.lock: an offset and a count are 0 or more")
    let open = try opened("fcntl")
    do throws(Errno) {
      return try open.fileSystem.lock(open.number, lock, from: offset, count: count, waiting: false)
    } catch {
      throw error.named("fcntl", "\(path), F_OFD_SETLK")
    }
  }

  /// Takes a lock away. Does nothing if the file isn't locked.
  ///
  /// - Throws: `SystemError`.
  public func unlock(from offset: Int = 0, count: Int = 0) throws {
    _ = try tryLock(.unlocked, from: offset, count: count)
  }
}
