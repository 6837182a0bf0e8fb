// SPDX-License-Identifier: Apache-2.0
// Making, moving and removing names. Removing trees and copying have files of their own.

public import AsyncIOCore
import Glibc

extension Path {
  /// Gives the file another name, in the same file system; pathlib's `replace`. It has one name or the other at every
  /// moment, also after a crash.
  ///
  /// ```swift
  /// try await Path("report.new").rename(to: "report.txt")
  /// ```
  ///
  /// **Cancellation** throws `CancellationError`: the file has the old name or, if the call had begun, the new one.
  ///
  /// - Parameter replacing: Whether a file of the new name is replaced. Otherwise there must not be one (EEXIST).
  /// - Throws: `SystemError`; see rename(2). EXDEV between file systems: `copy` and `remove` then.
  public nonisolated(nonsending) func rename(to other: Path, replacing: Bool = true) async throws {
    try await rename(to: other, replacing ? .replaces : .keeps)
  }

  /// Exchanges the names of two files, both at once (RENAME_EXCHANGE).
  ///
  /// ```swift
  /// try await Path("current").exchange(with: "next")
  /// ```
  ///
  /// - Throws: `SystemError`; both must exist, in the same file system.
  public nonisolated(nonsending) func exchange(with other: Path) async throws {
    try await rename(to: other, .exchanges)
  }

  private nonisolated(nonsending) func rename(to other: Path, _ mode: RenameMode) async throws {
    try await call("rename") { files in
      try naming("rename", to: other) { () throws(Errno) in
        try files.rename(self, at: files.workingDirectory, to: other, at: files.workingDirectory, mode)
      }
    }
  }

  /// Removes a name of a file; pathlib's `unlink`. A link is removed, not its target. Its content goes with the last
  /// name, once nobody has it open.
  ///
  /// ```swift
  /// try await Path("report.old").remove(ifExists: true)
  /// ```
  ///
  /// - Parameter ifExists: Whether a file that is missing counts as removed.
  /// - Throws: `SystemError`; of a directory `unlink data: is a directory (EISDIR)`. See `removeDirectory` and
  ///   `removeTree`.
  public nonisolated(nonsending) func remove(ifExists: Bool = false) async throws {
    try await call("unlink") { files in
      do throws(Errno) {
        try files.remove(self, at: files.workingDirectory, isDirectory: false)
      } catch {
        if !(ifExists && error.code == ENOENT) { throw error.named("unlink", description) }
      }
    }
  }

  /// Removes an empty directory; `os.rmdir`.
  ///
  /// ```swift
  /// try await Path("work").removeDirectory()
  /// ```
  ///
  /// - Throws: `SystemError`; ENOTEMPTY if something is in it.
  public nonisolated(nonsending) func removeDirectory() async throws {
    try await call("rmdir") { files in
      try naming("rmdir") { () throws(Errno) in
        try files.remove(self, at: files.workingDirectory, isDirectory: true)
      }
    }
  }

  /// Makes a directory; `os.mkdir`, or `os.makedirs` with `withParents`.
  ///
  /// ```swift
  /// try await Path("cache/images/small").makeDirectory(withParents: true, ifMissing: true)
  /// ```
  ///
  /// - Parameters:
  ///   - withParents: Whether to make the directories above it that are missing, with the permissions of the umask.
  ///   - ifMissing: Whether a directory that exists counts as made.
  ///   - permissions: Those that the process's umask allows.
  /// - Throws: `SystemError`; EEXIST if a file of that name exists.
  public nonisolated(nonsending) func makeDirectory(
    withParents: Bool = false, ifMissing: Bool = false, permissions: FilePermissions = 0o777
  ) async throws {
    try await call("mkdir") { files in
      try files.makeDirectory(self, withParents: withParents, ifMissing: ifMissing, permissions: permissions)
    }
  }

  /// Makes an empty file, or sets an existing one's times to now; pathlib's `touch`.
  ///
  /// ```swift
  /// try await Path("done").touch()
  /// ```
  ///
  /// - Throws: `SystemError`.
  public nonisolated(nonsending) func touch(permissions: FilePermissions = 0o666) async throws {
    try await call("open") { files in
      let file = try naming("open") { () throws(Errno) in
        try OpenFile(self, of: files, flags: O_WRONLY | O_CREAT, mode: permissions.rawValue)
      }
      try naming("utimensat") { () throws(Errno) in
        try files.setTimes(
          accessed: .now, modified: .now, of: self, at: files.workingDirectory, followsLinks: true)
      }
      withExtendedLifetime(file) {}
    }
  }

  /// Gives the file a second name; pathlib's `hardlink_to`, the other way round.
  ///
  /// ```swift
  /// try await Path("data.1").makeLink(at: "data.latest")
  /// ```
  ///
  /// - Throws: `SystemError`; see link(2). EPERM for a directory, EXDEV between file systems.
  public nonisolated(nonsending) func makeLink(at other: Path) async throws {
    try await call("link") { files in
      try naming("link", to: other) { () throws(Errno) in
        try files.link(self, at: files.workingDirectory, to: other, at: files.workingDirectory)
      }
    }
  }

  /// Makes a symbolic link here that says where the file is; pathlib's `symlink_to`. The target need not exist, and is
  /// looked up from the link's own directory.
  ///
  /// ```swift
  /// try await Path("current").makeSymbolicLink(to: "releases/42")
  /// ```
  ///
  /// - Throws: `SystemError`; see symlink(2).
  public nonisolated(nonsending) func makeSymbolicLink(to target: Path) async throws {
    try await call("symlink") { files in
      try naming("symlink") { () throws(Errno) in
        try files.makeSymbolicLink(self, at: files.workingDirectory, saying: target)
      }
    }
  }

  /// What a symbolic link says; `os.readlink`.
  ///
  /// ```swift
  /// print(try await Path("current").readLink())
  /// ```
  ///
  /// - Throws: `SystemError`; EINVAL if it is not a link.
  public nonisolated(nonsending) func readLink() async throws -> Path {
    try await call("readlink") { files in
      try naming("readlink") { () throws(Errno) in try files.readLink(self, at: files.workingDirectory) }
    }
  }

  /// The absolute path, without links, `.` and `..`; pathlib's `resolve(strict=True)`.
  ///
  /// ```swift
  /// let folder = try await Path(".").resolve()
  /// ```
  ///
  /// - Throws: `SystemError` if the file doesn't exist, or its links run in a circle (ELOOP).
  public nonisolated(nonsending) func resolve() async throws -> Path {
    try await call("realpath") { files in
      try naming("realpath") { () throws(Errno) in try files.resolve(self) }
    }
  }

  /// The directory from which paths that are not absolute begin; `Path.cwd()`.
  ///
  /// - Throws: `SystemError` if it was removed.
  public static nonisolated(nonsending) func currentDirectory() async throws -> Path {
    try await Path(".").call("getcwd") { files in
      try Path("").naming("getcwd") { () throws(Errno) in try files.currentDirectory }
    }
  }
}

extension FileSystem {
  /// Makes a directory, from the last of its parents on that is missing.
  func makeDirectory(
    _ path: Path, withParents: Bool, ifMissing: Bool, permissions: FilePermissions
  ) throws(SystemError) {
    do throws(Errno) {
      try makeDirectory(path, at: workingDirectory, mode: permissions.rawValue)
    } catch {
      if error.code == ENOENT, withParents, path.parent != path, path.parent != "." {
        try makeDirectory(path.parent, withParents: true, ifMissing: true, permissions: 0o777)
        // Another one may make it at the same time.
        return try makeDirectory(path, withParents: false, ifMissing: ifMissing, permissions: permissions)
      }
      if error.code == EEXIST, ifMissing,
        let status = try? status(of: path, at: workingDirectory, followsLinks: true), status.isDirectory
      {
        return
      }
      throw error.named("mkdir", path.description)
    }
  }
}
