// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension KernelFileSystem {
  package func status(of descriptor: Int32) throws(Errno) -> FileStatus {
    try status(SystemCall.status(of: nil, at: descriptor, followsLinks: true))
  }

  package func status(of path: Path, at directory: Int32, followsLinks: Bool) throws(Errno) -> FileStatus {
    try status(SystemCall.status(of: path, at: directory, followsLinks: followsLinks))
  }

  private func status(_ answer: (result: Int32, status: FileStatus?)) throws(Errno) -> FileStatus {
    count()
    guard let status = answer.status else { throw Errno(-answer.result) }
    return status
  }

  private func check(_ result: Int32) throws(Errno) {
    count()
    _ = try Errno.check(result)
  }

  package func access(_ path: Path, at directory: Int32, mode: Int32) throws(Errno) {
    try check(SystemCall.access(path, at: directory, mode: mode))
  }

  package func setPermissions(_ permissions: FilePermissions, of descriptor: Int32) throws(Errno) {
    try check(fchmod(descriptor, permissions.rawValue) < 0 ? -errno : 0)
  }

  package func setPermissions(_ permissions: FilePermissions, of path: Path, at directory: Int32) throws(Errno) {
    try check(SystemCall.setPermissions(permissions.rawValue, of: path, at: directory))
  }

  package func setOwner(
    _ owner: UInt32?, group: UInt32?, of path: Path, at directory: Int32, followsLinks: Bool
  ) throws(Errno) {
    try check(
      SystemCall.setOwner(owner ?? .max, group: group ?? .max, of: path, at: directory, followsLinks: followsLinks))
  }

  package func setTimes(
    accessed: FileTimeChange, modified: FileTimeChange, of path: Path, at directory: Int32, followsLinks: Bool
  ) throws(Errno) {
    try check(
      SystemCall.setTimes(
        accessed: accessed, modified: modified, of: path, at: directory, followsLinks: followsLinks))
  }

  package func rename(
    _ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32, _ mode: RenameMode
  ) throws(Errno) {
    let flags =
      switch mode {
      case .replaces: 0
      case .keeps: ASYNCIO_RENAME_NOREPLACE
      case .exchanges: ASYNCIO_RENAME_EXCHANGE
      }
    try check(SystemCall.rename(path, at: directory, to: other, at: otherDirectory, flags: Int(flags)))
  }

  package func link(_ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32) throws(Errno) {
    try check(SystemCall.link(path, at: directory, to: other, at: otherDirectory))
  }

  package func makeSymbolicLink(_ path: Path, at directory: Int32, saying target: Path) throws(Errno) {
    try check(SystemCall.makeSymbolicLink(path, at: directory, saying: target))
  }

  package func readLink(_ path: Path, at directory: Int32) throws(Errno) -> Path {
    count()
    let (result, target) = SystemCall.readLink(path, at: directory)
    guard let target else { throw Errno(Int32(-result)) }
    return target
  }

  package func remove(_ path: Path, at directory: Int32, isDirectory: Bool) throws(Errno) {
    try check(SystemCall.remove(path, at: directory, isDirectory: isDirectory))
  }

  package func makeDirectory(_ path: Path, at directory: Int32, mode: UInt32) throws(Errno) {
    try check(SystemCall.makeDirectory(path, at: directory, mode: mode))
  }

  package func resolve(_ path: Path) throws(Errno) -> Path {
    count()
    let (result, resolved) = SystemCall.resolve(path)
    guard let resolved else { throw Errno(-result) }
    return resolved
  }

  package var currentDirectory: Path {
    get throws(Errno) {
      count()
      let (result, path) = SystemCall.currentDirectory()
      guard let path else { throw Errno(-result) }
      return path
    }
  }

  package func readEntries(of directory: Int32, into entries: inout [DirectoryEntry]) throws(Errno) -> Bool {
    count()
    let result = unsafe withUnsafeTemporaryAllocation(byteCount: 32 * 1024, alignment: 8) { room in
      let result = unsafe asyncio_read_directory(directory, room.baseAddress, room.count)
      var offset = 0
      while offset < result, let start = room.baseAddress {
        let entry = unsafe asyncio_directory_entry_at(start + offset)
        unsafe offset += Int(entry.length)
        let name = unsafe UnsafeRawBufferPointer(start: entry.name, count: strlen(entry.name))
        if unsafe name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
        // DT_REG and its kin are the type bits of a mode.
        let kind = unsafe FileKind(mode: UInt32(entry.type) << 12)
        unsafe entries.append(DirectoryEntry(name: Path(bytes: name), kind: kind, inode: entry.inode))
      }
      return result
    }
    return try Errno.check(result) > 0
  }

  // MARK: - Watching

  package func openWatch() throws(Errno) -> Int32 {
    count()
    let watch = inotify_init1(Int32(O_CLOEXEC | O_NONBLOCK))
    if watch < 0 { throw Errno(errno) }
    return watch
  }

  package func watch(_ path: Path, mask: UInt32, with watch: Int32) throws(Errno) -> Int32 {
    count()
    return try Errno.check(SystemCall.watch(path, mask: mask, with: watch))
  }

  package func unwatch(_ number: Int32, with watch: Int32) throws(Errno) {
    try check(inotify_rm_watch(watch, number) < 0 ? -errno : 0)
  }

  package func readChanges(of watch: Int32) throws(Errno) -> [FileChange] {
    count()
    let (result, changes) = SystemCall.readChanges(of: watch)
    if result == -Int(EAGAIN) || result == -Int(EINTR) { return [] }
    _ = try Errno.check(result)
    return changes
  }
}
