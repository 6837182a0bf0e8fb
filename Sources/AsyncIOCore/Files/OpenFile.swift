// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A descriptor of a file system. It is closed with its last reference: a call that is under way keeps it, also when
/// the task that made the call has gone.
package final class OpenFile: Sendable {
  package let fileSystem: any FileSystem
  package let number: Int32
  package let kind: FileKind
  /// See `FileSystem.isLocal`.
  package let isLocal: Bool
  /// Whether a write that must not wait is worth the attempt: ext4 refuses all of them.
  let triesWrites: Atomic<Bool>
  /// Told when it is closed.
  package let end = OpenFileEnd()

  package init(_ number: Int32, of fileSystem: any FileSystem, kind: FileKind, isLocal: Bool) {
    self.number = number
    self.fileSystem = fileSystem
    self.kind = kind
    self.isLocal = isLocal
    triesWrites = Atomic(isLocal)
  }

  /// Opens a file. It waits for no peer: the reading end of a FIFO opens at once, the writing end fails with ENXIO
  /// unless somebody reads, and a call on either says when it would have to wait.
  package convenience init(
    _ path: Path, at directory: Int32? = nil, of fileSystem: any FileSystem, flags: Int32, mode: UInt32 = 0o666
  ) throws(Errno) {
    let number = try fileSystem.open(
      path, at: directory ?? fileSystem.workingDirectory, flags: flags | O_NONBLOCK, mode: mode)
    do throws(Errno) {
      let kind = try fileSystem.status(of: number).kind
      self.init(number, of: fileSystem, kind: kind, isLocal: fileSystem.isLocal(number))
    } catch {
      try? fileSystem.close(number)
      throw error
    }
  }

  /// Whether its bytes have places. What has none (a FIFO, a terminal) gives and takes them one after the other, and
  /// says when it is ready.
  package var isSeekable: Bool { kind == .regular || kind == .blockDevice || kind == .directory }

  deinit {
    do throws(Errno) {
      try fileSystem.close(number)
      end.settle(nil)
    } catch {
      end.settle(error)
    }
  }
}

/// The end of an open file, for who waits until the last call has let go of it.
package final class OpenFileEnd: Sendable {
  private let settlement = Settlement()
  private let error = Mutex<Errno?>(nil)

  fileprivate func settle(_ error: Errno?) {
    settlement.finish(.succeeded) { self.error.withLock { $0 = error } }
  }

  /// Waits until the file is closed, also in a task that is cancelled.
  ///
  /// - Throws: What close(2) says of earlier writes.
  package nonisolated(nonsending) func wait(_ reason: WaitReason) async throws(Errno) {
    await settlement.waitUninterrupted(reason)
    if let error = error.withLock({ $0 }) { throw error }
  }
}
