// SPDX-License-Identifier: Apache-2.0
// An open file. Its calls name the place in the file: there is no hidden position that two tasks would move under each
// other. A task that goes through a file has a position of its own, `FileReader` or `FileWriter`, which are values.
//
// A failed write or sync stays. The kernel reports an error of the disk once, and the pages are gone after that
// (fsync(2)): a second sync that succeeds would say that everything is there. So each later sync and the close fail
// too, with the first error, and after a failed sync nothing is written any more.

public import AsyncIOCore
import Glibc
import Synchronization

/// An open file; what `open` gives in Python, with positions that are said. `withFile` opens one.
///
/// ```swift
/// try await withFile("archive.bin") { file in
///   let header = try await file.readExactly(16, at: 0)
///   let body = try await file.read(upTo: 65_536, at: 16)
///   print(header.count, body.count)
/// }
/// ```
///
/// Several tasks, on any loop, may use one file at a time. What the page cache has is read at once, without a hop to
/// another thread; what is not there is waited for by the ring, or on a thread of the pool.
///
/// A FIFO, a terminal or another file without places gives and takes its bytes one after the other: the position is
/// not heeded.
///
/// **Cancellation** of any call throws `CancellationError`. What is read stays in the file. A write that the kernel has
/// begun runs to its end, and so the file may have all, a part or nothing of it; with `withFile` that end is waited
/// for.
public final class File: Sendable {
  struct State {
    var open: OpenFile?
    /// The first failure of a write or a sync.
    var failure: SystemError?
    var syncHasFailed = false
  }

  /// The path by which it was opened.
  public let path: Path
  let mode: FileMode
  let state: Mutex<State>

  init(_ open: OpenFile, path: Path, mode: FileMode) {
    self.path = path
    self.mode = mode
    state = Mutex(State(open: open))
  }

  /// The open file, for one call.
  func opened(_ call: String) throws -> OpenFile {
    guard let open = state.withLock({ $0.open }) else { throw SystemError(call, path.description, code: .closed) }
    return open
  }

  /// An error of a call, with its name and the path.
  func named(_ error: any Error, _ call: String) -> any Error {
    (error as? Errno)?.named(call, path.description) ?? error
  }

  // MARK: - What is known of it

  /// What the file system says of the open file; `os.fstat`.
  ///
  /// - Throws: `SystemError`.
  public nonisolated(nonsending) func stat() async throws -> FileStatus {
    try await job("fstat") { open, files throws(Errno) in try files.status(of: open.number) }
  }

  /// Its length in bytes.
  ///
  /// - Throws: `SystemError`.
  public nonisolated(nonsending) var size: Int { get async throws { try await stat().size } }

  /// Sets the permissions of the open file; `os.fchmod`.
  ///
  /// - Throws: `SystemError`.
  public nonisolated(nonsending) func setPermissions(_ permissions: FilePermissions) async throws {
    try await job("fchmod") { open, files throws(Errno) in try files.setPermissions(permissions, of: open.number) }
  }

  /// One job with the open file.
  nonisolated(nonsending) func job<Value: Sendable>(
    _ call: WaitReason.StaticName, _ body: @escaping @Sendable (OpenFile, any FileSystem) throws(Errno) -> Value
  ) async throws -> Value {
    let open = try opened("\(call)")
    do {
      return try await onCurrentLoop { loop in
        try await loop.runFileJob(WaitReason(call, on: self), on: open.fileSystem) { files in
          try body(open, files)
        }
      }
    } catch {
      throw named(error, "\(call)")
    }
  }
}

extension File: WaitObject {
  package var waitDescription: String { path.description }
}

extension SystemError.Code {
  /// The file is closed, or the descriptor was never one (EBADF).
  public static let closed = SystemError.Code(rawValue: EBADF)
}
