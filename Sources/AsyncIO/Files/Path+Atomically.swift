// SPDX-License-Identifier: Apache-2.0
// A file that changes as a whole. A new one is written beside it, brought to the disk, and takes its name. rename(2)
// exchanges the two in one step, for all who look and for a crash. But the disk may know the new name before the new
// content, hence the sync before. The rename itself is on the disk with the directory, hence the sync after.

import AsyncIOCore
import Glibc

extension Path {
  /// Writes a whole file so that everybody, and the disk after a crash, has either the old content or the new one.
  ///
  /// ```swift
  /// try await Path("state.json").writeAtomically("{}")
  /// ```
  ///
  /// The new content is written to a file beside it, `.state.json.1f3a….tmp`, which takes the name in the end. So the
  /// directory must be writable, a symbolic link is replaced and not followed, and other names of the old file keep the
  /// old content. After a crash that other file may be left.
  ///
  /// **Cancellation** throws `CancellationError`. If the call had begun, it runs to its end all the same.
  ///
  /// - Parameters:
  ///   - permissions: nil keeps those of the file that is there.
  ///   - durable: Whether to wait for the disk. Otherwise a crash may lose the new content or, on some file systems,
  ///     both.
  /// - Throws: `SystemError`; then the old file is as it was.
  public nonisolated(nonsending) func writeAtomically(
    _ bytes: [UInt8], permissions: FilePermissions? = nil, durable: Bool = true
  ) async throws {
    let waited = PathWait(self)
    try await onCurrentLoop { loop in
      let mark = EventLoop.withRandom { UInt64.random(in: 0 ... .max, using: &$0) }
      try await loop.runFileJob(WaitReason("write", on: waited)) { files in
        try files.writeAtomically(bytes, to: self, mark: mark, permissions: permissions, durable: durable)
      }
    }
  }

  /// The same with a text, as UTF-8.
  ///
  /// - Throws: As `writeAtomically(_:permissions:durable:)`.
  public nonisolated(nonsending) func writeAtomically(
    _ text: String, permissions: FilePermissions? = nil, durable: Bool = true
  ) async throws {
    try await writeAtomically(Array(text.utf8), permissions: permissions, durable: durable)
  }

  /// Brings the entries of a directory to the disk: files that were made in it, renamed or removed.
  ///
  /// ```swift
  /// try await Path("spool").syncDirectory()
  /// ```
  ///
  /// - Throws: `SystemError`; see fsync(2).
  public nonisolated(nonsending) func syncDirectory() async throws {
    try await call("fsync") { files in try files.syncDirectory(self) }
  }

  /// A name beside the file, that no other file should have; short enough for the file system.
  func beside(mark: UInt64) -> Path {
    let digits = String(mark, radix: 16)
    return withName(Path(bytes: Array(".".utf8) + name.bytes.prefix(200) + Array(".\(digits).tmp".utf8)))
  }
}

extension FileSystem {
  func writeAtomically(
    _ bytes: [UInt8], to path: Path, mark: UInt64, permissions: FilePermissions?, durable: Bool
  ) throws(SystemError) {
    let old = try? status(of: path, at: workingDirectory, followsLinks: true)
    if let old, old.isDirectory { throw SystemError("rename", path.description, code: .init(rawValue: EISDIR)) }
    let temporary = path.beside(mark: mark)
    let number = try path.naming("open") { () throws(Errno) in
      try open(temporary, at: workingDirectory, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
    }
    do throws(SystemError) {
      try write(bytes, to: number, of: path)
      do throws(Errno) {
        if let wanted = permissions ?? old?.permissions { try setPermissions(wanted, of: number) }
        if durable { try sync(number, dataOnly: false) }
      } catch {
        try? close(number)
        throw error.named("fsync", path.description)
      }
      try path.naming("close") { () throws(Errno) in try close(number) }
      try path.naming("rename") { () throws(Errno) in
        try rename(temporary, at: workingDirectory, to: path, at: workingDirectory, .replaces)
      }
    } catch {
      try? remove(temporary, at: workingDirectory, isDirectory: false)
      throw error
    }
    if durable { try syncDirectory(path.parent) }
  }

  func syncDirectory(_ path: Path) throws(SystemError) {
    try path.naming("fsync") { () throws(Errno) in
      let number = try open(path, at: workingDirectory, flags: O_RDONLY | O_DIRECTORY, mode: 0)
      defer { try? close(number) }
      do throws(Errno) {
        try sync(number, dataOnly: false)
      } catch {
        // Some file systems have no sync of directories, and need none.
        if error.code != EINVAL { throw error }
      }
    }
  }
}
