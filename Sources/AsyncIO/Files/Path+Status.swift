// SPDX-License-Identifier: Apache-2.0
// What a file is, and who may use it.

public import AsyncIOCore
import Glibc

extension Path {
  /// What the file system says of the file: kind, size, times, permissions; `os.stat`.
  ///
  /// ```swift
  /// let status = try await Path("report.txt").stat()
  /// print(status.size, status.permissions)
  /// ```
  ///
  /// **Cancellation** throws `CancellationError`. It follows stat(2).
  ///
  /// - Parameter followingLinks: Whether a symbolic link stands for its target, or for itself (`os.lstat`).
  /// - Throws: `SystemError`, such as `stat report.txt: no such file or directory (ENOENT)`.
  public nonisolated(nonsending) func stat(followingLinks: Bool = true) async throws -> FileStatus {
    try await call("stat") { files in
      try naming(followingLinks ? "stat" : "lstat") { () throws(Errno) in
        try files.status(of: self, at: files.workingDirectory, followsLinks: followingLinks)
      }
    }
  }

  /// The same, or nil if there is no such file, or a part of its path is missing or not a directory.
  private nonisolated(nonsending) func statIfThere(followingLinks: Bool = true) async throws -> FileStatus? {
    do {
      return try await stat(followingLinks: followingLinks)
    } catch let error as SystemError where [ENOENT, ENOTDIR, ELOOP].contains(error.code.rawValue) {
      return nil
    }
  }

  /// Whether there is such a file. Of a link, whether its target exists; `followingLinks: false` asks for the link.
  ///
  /// ```swift
  /// if try await !Path("cache").exists() { try await Path("cache").makeDirectory() }
  /// ```
  ///
  /// By the time of the next call the answer may be out of date: better do what is wanted, and handle the error.
  ///
  /// - Throws: `SystemError` if that can't be found out, mostly for want of permission.
  public nonisolated(nonsending) func exists(followingLinks: Bool = true) async throws -> Bool {
    try await statIfThere(followingLinks: followingLinks) != nil
  }

  /// Whether it is a regular file, or a link to one; false if nothing has that name.
  ///
  /// - Throws: As `exists`.
  public nonisolated(nonsending) func isFile() async throws -> Bool { try await statIfThere()?.isFile ?? false }

  /// Whether it is a directory, or a link to one; false if nothing has that name.
  ///
  /// - Throws: As `exists`.
  public nonisolated(nonsending) func isDirectory() async throws -> Bool {
    try await statIfThere()?.isDirectory ?? false
  }

  /// Whether it is a symbolic link, to whatever.
  ///
  /// - Throws: As `exists`.
  public nonisolated(nonsending) func isSymbolicLink() async throws -> Bool {
    try await statIfThere(followingLinks: false)?.isSymbolicLink ?? false
  }

  /// Whether this process may read, write or execute the file as it is now; `os.access`.
  ///
  /// ```swift
  /// let mayWrite = try await Path("/etc/hosts").isAccessible(writing: true)
  /// ```
  ///
  /// It follows faccessat(2), for the effective user. False also if there is no such file.
  ///
  /// - Throws: `SystemError` if that can't be found out.
  public nonisolated(nonsending) func isAccessible(
    reading: Bool = false, writing: Bool = false, executing: Bool = false
  ) async throws -> Bool {
    let mode = (reading ? R_OK : 0) | (writing ? W_OK : 0) | (executing ? X_OK : 0)
    return try await call("access") { files in
      do throws(Errno) {
        try files.access(self, at: files.workingDirectory, mode: mode)
        return true
      } catch {
        if [EACCES, EPERM, EROFS, ENOENT, ENOTDIR, ETXTBSY].contains(error.code) { return false }
        throw error.named("access", description)
      }
    }
  }

  /// Sets the permissions of the file, or of a link's target; `os.chmod`.
  ///
  /// ```swift
  /// try await Path("secret.key").setPermissions(0o600)
  /// ```
  ///
  /// - Throws: `SystemError`; see chmod(2).
  public nonisolated(nonsending) func setPermissions(_ permissions: FilePermissions) async throws {
    try await call("chmod") { files in
      try naming("chmod") { () throws(Errno) in
        try files.setPermissions(permissions, of: self, at: files.workingDirectory)
      }
    }
  }

  /// Gives the file to another user or group, by their numbers; nil leaves that as it is. `os.chown`.
  ///
  /// ```swift
  /// try await Path("upload").setOwner(1000, group: 1000)
  /// ```
  ///
  /// - Throws: `SystemError`; see chown(2).
  public nonisolated(nonsending) func setOwner(
    _ owner: UInt32?, group: UInt32? = nil, followingLinks: Bool = true
  ) async throws {
    try await call("chown") { files in
      try naming("chown") { () throws(Errno) in
        try files.setOwner(
          owner, group: group, of: self, at: files.workingDirectory, followsLinks: followingLinks)
      }
    }
  }

  /// Sets the times of the last access and the last change; nil leaves one as it is. `os.utime`.
  ///
  /// ```swift
  /// try await Path("photo.jpeg").setTimes(modified: FileTime(seconds: 1_700_000_000))
  /// ```
  ///
  /// - Throws: `SystemError`; see utimensat(2).
  public nonisolated(nonsending) func setTimes(
    accessed: FileTime? = nil, modified: FileTime? = nil, followingLinks: Bool = true
  ) async throws {
    try await call("utimensat") { files in
      try naming("utimensat") { () throws(Errno) in
        try files.setTimes(
          accessed: FileTimeChange(accessed), modified: FileTimeChange(modified), of: self, at: files.workingDirectory,
          followsLinks: followingLinks)
      }
    }
  }
}
