// SPDX-License-Identifier: Apache-2.0
// Removing and copying. Each is one job, whatever the number of files. A job of thousands of calls looks now and then
// whether its task has gone.
//
// A tree is removed by names within open directories, and never through a link: somebody who exchanges a directory for
// a link in the middle can't have files removed elsewhere.

import AsyncIOCore
import Glibc
import Synchronization

/// Tells a long job that nobody waits for it any more.
final class JobEnd: Sendable {
  private let isOver = Atomic<Bool>(false)

  func end() { isOver.store(true, ordering: .relaxed) }

  func check() throws { if isOver.load(ordering: .relaxed) { throw CancellationError() } }
}

extension Path {
  /// Runs a long job, which ends soon after its task was cancelled.
  nonisolated(nonsending) func longCall<Value: Sendable>(
    _ operation: WaitReason.StaticName, _ body: @escaping @Sendable (any FileSystem, JobEnd) throws -> Value
  ) async throws -> Value {
    let end = JobEnd()
    do {
      return try await call(operation) { try body($0, end) }
    } catch {
      end.end()
      throw error
    }
  }

  /// Removes a file, or a directory with all that is in it; `shutil.rmtree`. Links are removed, not followed.
  ///
  /// ```swift
  /// try await Path("build").removeTree(ifExists: true)
  /// ```
  ///
  /// **Cancellation** throws `CancellationError`, and the job ends soon after: a part may have been removed.
  ///
  /// - Throws: `SystemError` of the first file that can't be removed, with its path; the rest stays.
  public nonisolated(nonsending) func removeTree(ifExists: Bool = false) async throws {
    try await longCall("remove") { files, end in
      do throws(Errno) {
        try files.remove(self, at: files.workingDirectory, isDirectory: false)
        return
      } catch {
        if error.code == ENOENT && ifExists { return }
        if error.code != EISDIR && error.code != EPERM { throw error.named("unlink", description) }
      }
      try files.removeDirectory(self, at: files.workingDirectory, shownAs: self, end)
    }
  }

  /// Copies a file; `shutil.copy`. The content shares its blocks with the original until one of them is written, where
  /// the file system can do that (FICLONE), or else doesn't pass through the process (copy_file_range(2)).
  ///
  /// ```swift
  /// try await Path("data.db").copy(to: "data.backup")
  /// ```
  ///
  /// The copy has the original's permissions, and new times.
  ///
  /// **Cancellation** throws `CancellationError`, and the job ends soon after and removes what it made.
  ///
  /// - Parameters:
  ///   - replacing: Whether a file of that name is written over; otherwise EEXIST.
  ///   - keepingTimes: Whether the copy has the original's times, too; `shutil.copy2`.
  /// - Throws: `SystemError`.
  public nonisolated(nonsending) func copy(
    to other: Path, replacing: Bool = true, keepingTimes: Bool = false
  ) async throws {
    try await longCall("copy") { files, end in
      try files.copyFile(self, to: other, replacing: replacing, keepingTimes: keepingTimes, end)
    }
  }

  /// Copies a directory with all that is in it; `shutil.copytree`. Symbolic links are copied as links. What is neither
  /// file, directory nor link is left out.
  ///
  /// ```swift
  /// try await Path("site").copyTree(to: "site.backup")
  /// ```
  ///
  /// **Cancellation** throws `CancellationError`, and the job ends soon after: a part may have been copied.
  ///
  /// - Parameter merging: Whether the directory may exist; its files are then replaced.
  /// - Throws: `SystemError`.
  public nonisolated(nonsending) func copyTree(to other: Path, merging: Bool = false) async throws {
    try await longCall("copy") { files, end in
      try files.copyDirectory(self, to: other, merging: merging, end)
    }
  }
}

extension FileSystem {
  /// - Parameter shown: The path in errors.
  fileprivate func removeDirectory(_ path: Path, at directory: Int32, shownAs shown: Path, _ end: JobEnd) throws {
    let number = try shown.naming("open") { () throws(Errno) in
      try open(path, at: directory, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, mode: 0)
    }
    do {
      defer { try? close(number) }
      var entries: [DirectoryEntry] = []
      // What is removed meanwhile may shift the rest: list again until nothing is left.
      repeat {
        entries.removeAll(keepingCapacity: true)
        try list(number, into: &entries, upTo: 10_000, shownAs: shown)
        for entry in entries {
          try end.check()
          try remove(entry, at: number, shownAs: shown / entry.name, end)
        }
      } while !entries.isEmpty
    }
    try shown.naming("rmdir") { () throws(Errno) in try remove(path, at: directory, isDirectory: true) }
  }

  private func list(
    _ number: Int32, into entries: inout [DirectoryEntry], upTo count: Int, shownAs shown: Path
  ) throws(SystemError) {
    do throws(Errno) {
      while entries.count < count, try readEntries(of: number, into: &entries) {}
    } catch {
      throw error.named("list", shown.description)
    }
  }

  private func remove(_ entry: DirectoryEntry, at directory: Int32, shownAs shown: Path, _ end: JobEnd) throws {
    if entry.kind != .directory {
      do throws(Errno) {
        return try remove(entry.name, at: directory, isDirectory: false)
      } catch {
        if error.code == ENOENT { return }
        // It may be a directory after all.
        if error.code != EISDIR && error.code != EPERM { throw error.named("unlink", shown.description) }
      }
    }
    try removeDirectory(entry.name, at: directory, shownAs: shown, end)
  }

  // MARK: - Copying

  fileprivate func copyFile(
    _ path: Path, to other: Path, replacing: Bool, keepingTimes: Bool, _ end: JobEnd
  ) throws {
    let source = try path.naming("open") { () throws(Errno) in try OpenFile(path, of: self, flags: O_RDONLY) }
    let status = try path.naming("stat") { () throws(Errno) in try self.status(of: source.number) }
    guard status.isFile else {
      throw Errno(status.isDirectory ? EISDIR : EINVAL).named("copy", "\(path) to \(other)")
    }
    if let old = try? self.status(of: other, at: workingDirectory, followsLinks: true), old.isSameFile(as: status) {
      throw Errno(EEXIST).named("copy", "\(path) to \(other), which is the same file")
    }
    var isNew = true
    let target: OpenFile
    do throws(Errno) {
      target = try OpenFile(
        other, of: self, flags: O_WRONLY | O_CREAT | O_EXCL, mode: status.permissions.rawValue & 0o777)
    } catch {
      guard error.code == EEXIST && replacing else { throw error.named("open", other.description) }
      isNew = false
      target = try other.naming("open") { () throws(Errno) in
        try OpenFile(other, of: self, flags: O_WRONLY | O_TRUNC)
      }
    }
    do {
      try copyContent(of: source, to: target, count: status.size, end, path, other)
      try other.naming("chmod") { () throws(Errno) in try setPermissions(status.permissions, of: target.number) }
      if keepingTimes {
        try other.naming("utimensat") { () throws(Errno) in
          try setTimes(
            accessed: .set(status.accessed), modified: .set(status.modified), of: other, at: workingDirectory,
            followsLinks: true)
        }
      }
    } catch {
      if isNew { try? remove(other, at: workingDirectory, isDirectory: false) }
      throw error
    }
  }

  private func copyContent(
    of source: OpenFile, to target: OpenFile, count: Int, _ end: JobEnd, _ path: Path, _ other: Path
  ) throws {
    if (try? clone(source.number, to: target.number)) != nil { return }
    var done = 0
    var copiesInKernel = true
    // To the end, wherever that is: a file of /proc says that it is empty.
    while true {
      try end.check()
      if copiesInKernel {
        do throws(Errno) {
          let copied = try copyRange(
            from: source.number, at: done, to: target.number, at: done, count: 8 << 20)
          // 0 also where the kernel can't know, as of files of /proc.
          if copied == 0 && done >= count && count > 0 { return }
          if copied == 0 { copiesInKernel = false }
          done += copied
          continue
        } catch {
          if ![EXDEV, EINVAL, EOPNOTSUPP, ENOSYS, EBADF, EPERM].contains(error.code) {
            throw error.named("copy", "\(path) to \(other)")
          }
          copiesInKernel = false
        }
      }
      let bytes = try path.naming("read") { () throws(Errno) in
        try EventLoop.readNow(source, at: done, upTo: 1 << 20)
      }
      if bytes.isEmpty { return }
      try other.naming("write") { () throws(Errno) in try EventLoop.writeNow(bytes, to: target, at: done) }
      done += bytes.count
    }
  }

  fileprivate func copyDirectory(_ path: Path, to other: Path, merging: Bool, _ end: JobEnd) throws {
    let status = try path.naming("stat") { () throws(Errno) in
      try self.status(of: path, at: workingDirectory, followsLinks: true)
    }
    let number = try path.naming("open") { () throws(Errno) in
      try open(path, at: workingDirectory, flags: O_RDONLY | O_DIRECTORY, mode: 0)
    }
    defer { try? close(number) }
    var entries: [DirectoryEntry] = []
    try list(number, into: &entries, upTo: .max, shownAs: path)
    // After the listing: a tree that is copied into itself must not find its copy.
    try makeDirectory(other, withParents: false, ifMissing: merging, permissions: 0o777)
    for entry in entries {
      try end.check()
      let (from, to) = (path / entry.name, other / entry.name)
      var kind = entry.kind
      if kind == .unknown {
        kind = try from.naming("lstat") { () throws(Errno) in
          try self.status(of: from, at: workingDirectory, followsLinks: false).kind
        }
      }
      switch kind {
      case .directory: try copyDirectory(from, to: to, merging: merging, end)
      case .regular: try copyFile(from, to: to, replacing: merging, keepingTimes: true, end)
      case .symbolicLink:
        let target = try from.naming("readlink") { () throws(Errno) in try readLink(from, at: workingDirectory) }
        if merging { try? remove(to, at: workingDirectory, isDirectory: false) }
        try to.naming("symlink") { () throws(Errno) in
          try makeSymbolicLink(to, at: workingDirectory, saying: target)
        }
      default: break
      }
    }
    try other.naming("chmod") { () throws(Errno) in
      try setPermissions(status.permissions, of: other, at: workingDirectory)
    }
  }
}
