// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Glibc
import Synchronization

/// Opens a file, lends it to the body, and closes it, however the body ends; Python's `with open(...)`.
///
/// ```swift
/// let size = try await withFile("words.txt") { try await $0.size }
/// ```
///
/// When this returns, the file is closed, and nothing that the body began still writes to it.
///
/// **Cancellation** before the file is open throws `CancellationError`. Later it meets the body, which decides.
///
/// - Parameter permissions: Those of a file that is made, as far as the umask allows them.
/// - Throws: `SystemError` if the file can't be opened, such as `open /etc/shadow: permission denied (EACCES)`. What
///   the body throws. If the body throws nothing: the first failed write or sync, also one whose error the body
///   dropped.
public nonisolated(nonsending) func withFile<Result>(
  _ path: Path, _ mode: FileMode = .read, permissions: FilePermissions = 0o666,
  _ body: nonisolated(nonsending) (File) async throws -> Result
) async throws -> Result {
  let file = try await openFile(path, mode, permissions: permissions)
  let result: Result
  do {
    result = try await body(file)
  } catch {
    try? await file.close()
    throw error
  }
  try await file.close()
  return result
}

/// Opens a file; Python's `open`. Close it, or let go of the last reference. `withFile` does it by itself.
///
/// ```swift
/// let file = try await openFile("log.txt", .append)
/// try await file.append("started\n")
/// try await file.close()
/// ```
///
/// It waits for no peer. A FIFO's reading end opens at once, and its writing end fails with ENXIO if nobody reads.
///
/// **Cancellation** throws `CancellationError`, and the file is closed if it was opened meanwhile.
///
/// - Parameter permissions: Those of a file that is made, as far as the umask allows them.
/// - Throws: `SystemError`; see open(2).
public nonisolated(nonsending) func openFile(
  _ path: Path, _ mode: FileMode = .read, permissions: FilePermissions = 0o666
) async throws -> File {
  let open = try await path.call("open") { files in
    try path.naming("open") { () throws(Errno) in
      let open = try OpenFile(path, of: files, flags: mode.flags, mode: permissions.rawValue)
      // A directory opens for reading, and each read fails: Python says so at once.
      if open.kind == .directory { throw Errno(EISDIR) }
      return open
    }
  }
  return File(open, path: path, mode: mode)
}

extension File {
  /// Closes the file, after the calls that are under way: nothing that began before still writes when this returns. A
  /// second call does nothing. What has no places (a FIFO, a terminal) is closed with its last call, which isn't waited
  /// for.
  ///
  /// ```swift
  /// let file = try await openFile("log.txt", .append)
  /// try await file.close()
  /// ```
  ///
  /// **Cancellation** doesn't end it: what is written must have an end before anybody goes on.
  ///
  /// - Throws: The first failed write or sync of this file, if one failed; `SystemError` of close(2), which tells what
  ///   became of writes on some network file systems.
  public nonisolated(nonsending) func close() async throws {
    let end = state.withLock { $0.closeNow(mayWrite: mode.mayWrite) }
    var closing: Errno?
    do throws(Errno) { try await end?.wait(WaitReason("close", on: self)) } catch { closing = error }
    // Read afterwards: a write may fail that was under way.
    if let failure = state.withLock({ $0.failure }) { throw failure }
    if let closing { throw named(closing, "close") }
  }
}

extension File.State {
  /// Lets go of the open file. The last call that has it closes it.
  ///
  /// - Returns: Its end, if that is to be waited for.
  mutating func closeNow(mayWrite: Bool) -> OpenFileEnd? {
    guard let open = open.take() else { return nil }
    if mayWrite && !open.isLocal && !open.fileSystem.isImmediate {
      // A network file system writes the rest now, which takes time: not on the loop's thread, if there is another.
      try? BlockingPool.shared.submit { withExtendedLifetime(open) {} }
    }
    return open.isSeekable ? open.end : nil
  }
}
