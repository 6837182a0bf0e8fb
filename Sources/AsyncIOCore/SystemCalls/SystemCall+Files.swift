// SPDX-License-Identifier: Apache-2.0
// Calls on files. Those with `waiting: false` never wait; the others may, for a disk or a server.

import CLinux
import Glibc

extension SystemCall {
  /// A path with a zero byte within is refused: C would take what stands before it.
  private static func with(_ path: Path, _ call: (UnsafePointer<CChar>) -> Int32) -> Int32 {
    unsafe path.withCString { text in
      guard let text = unsafe text else { return -EINVAL }
      return unsafe call(text)
    }
  }

  static func open(_ path: Path, at directory: Int32, flags: Int32, mode: UInt32) -> Int32 {
    unsafe with(path) { unsafe asyncio_open_at(directory, $0, flags | O_CLOEXEC, mode) }
  }

  /// See `asyncio_open_cached`.
  static func openCached(_ path: Path, flags: Int32) -> Int32 {
    unsafe with(path) { unsafe asyncio_open_cached($0, flags | O_CLOEXEC) }
  }

  static func read(
    _ descriptor: Int32, at offset: Int?, into pieces: [UnsafeMutableRawBufferPointer], waiting: Bool
  ) -> Int {
    if unsafe pieces.count == 1 {
      let (start, count) = unsafe (pieces[0].baseAddress, pieces[0].count)
      var piece = unsafe iovec(iov_base: start, iov_len: count)
      return unsafe asyncio_file_read(descriptor, &piece, 1, Int64(offset ?? -1), waiting ? 1 : 0)
    }
    let list = unsafe pieces.map { unsafe iovec(iov_base: $0.baseAddress, iov_len: $0.count) }
    return unsafe asyncio_file_read(descriptor, list, Int32(list.count), Int64(offset ?? -1), waiting ? 1 : 0)
  }

  static func write(
    _ descriptor: Int32, at offset: Int?, from pieces: [UnsafeRawBufferPointer], waiting: Bool
  ) -> Int {
    let list = unsafe pieces.map {
      unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
    }
    return unsafe asyncio_file_write(descriptor, list, Int32(list.count), Int64(offset ?? -1), waiting ? 1 : 0)
  }

  /// - Parameter path: nil for the descriptor itself.
  static func status(of path: Path?, at directory: Int32, followsLinks: Bool) -> (result: Int32, status: FileStatus?) {
    var status = asyncio_file_status()
    // AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW; glibc hides them without _GNU_SOURCE.
    let flags: Int32 = (path == nil ? 0x1000 : 0) | (followsLinks ? 0 : 0x100)
    let result =
      if let path {
        unsafe with(path) { unsafe asyncio_file_status(directory, $0, flags, &status) }
      } else {
        unsafe asyncio_file_status(directory, "", flags, &status)
      }
    guard result == 0 else { return (result, nil) }
    return (0, FileStatus(status))
  }

  static func rename(
    _ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32, flags: Int
  ) -> Int32 {
    unsafe with(path) { old in
      unsafe with(other) { unsafe asyncio_rename(directory, old, otherDirectory, $0, UInt32(flags)) }
    }
  }

  static func link(_ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32) -> Int32 {
    unsafe with(path) { old in
      unsafe with(other) { unsafe linkat(directory, old, otherDirectory, $0, 0) < 0 ? -errno : 0 }
    }
  }

  static func makeSymbolicLink(_ path: Path, at directory: Int32, saying target: Path) -> Int32 {
    unsafe with(target) { text in unsafe with(path) { unsafe symlinkat(text, directory, $0) < 0 ? -errno : 0 } }
  }

  static func readLink(_ path: Path, at directory: Int32) -> (result: Int, target: Path?) {
    unsafe withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { room in
      let start = unsafe room.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
      let result = unsafe with(path) {
        let count = unsafe readlinkat(directory, $0, start, room.count)
        return count < 0 ? -errno : Int32(count)
      }
      guard result >= 0 else { return (Int(result), nil) }
      return (0, unsafe Path(bytes: room.prefix(Int(result))))
    }
  }

  static func remove(_ path: Path, at directory: Int32, isDirectory: Bool) -> Int32 {
    unsafe with(path) { unsafe unlinkat(directory, $0, isDirectory ? AT_REMOVEDIR : 0) < 0 ? -errno : 0 }
  }

  static func makeDirectory(_ path: Path, at directory: Int32, mode: UInt32) -> Int32 {
    unsafe with(path) { unsafe mkdirat(directory, $0, mode) < 0 ? -errno : 0 }
  }

  static func access(_ path: Path, at directory: Int32, mode: Int32) -> Int32 {
    unsafe with(path) { unsafe faccessat(directory, $0, mode, AT_EACCESS) < 0 ? -errno : 0 }
  }

  static func setPermissions(_ mode: UInt32, of path: Path, at directory: Int32) -> Int32 {
    unsafe with(path) { unsafe fchmodat(directory, $0, mode, 0) < 0 ? -errno : 0 }
  }

  static func setOwner(
    _ owner: UInt32, group: UInt32, of path: Path, at directory: Int32, followsLinks: Bool
  ) -> Int32 {
    unsafe with(path) {
      unsafe fchownat(directory, $0, owner, group, followsLinks ? 0 : AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0
    }
  }

  static func setTimes(
    accessed: FileTimeChange, modified: FileTimeChange, of path: Path, at directory: Int32, followsLinks: Bool
  ) -> Int32 {
    let times = [timespec(accessed), timespec(modified)]
    return unsafe with(path) {
      unsafe utimensat(directory, $0, times, followsLinks ? 0 : AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0
    }
  }

  static func resolve(_ path: Path) -> (result: Int32, path: Path?) {
    var resolved: Path?
    let result = unsafe with(path) {
      guard let text = unsafe realpath($0, nil) else { return -errno }
      resolved = unsafe Path(bytes: UnsafeRawBufferPointer(start: text, count: strlen(text)))
      unsafe free(text)
      return 0
    }
    return (result, resolved)
  }

  static func currentDirectory() -> (result: Int32, path: Path?) {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { room in
      guard let text = unsafe getcwd(room.baseAddress, room.count) else { return (-errno, nil) }
      return (0, unsafe Path(bytes: UnsafeRawBufferPointer(start: text, count: strlen(text))))
    }
  }

  // MARK: - Watching

  static func watch(_ path: Path, mask: UInt32, with watch: Int32) -> Int32 {
    unsafe with(path) {
      let number = unsafe inotify_add_watch(watch, $0, mask)
      return number < 0 ? -errno : number
    }
  }

  /// Reads events of inotify(7); -EAGAIN if nothing has happened.
  static func readChanges(of watch: Int32) -> (result: Int, changes: [FileChange]) {
    unsafe withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 8) { room in
      let count = unsafe read(into: room, from: watch)
      guard count > 0 else { return (count, []) }
      var changes: [FileChange] = []
      var offset = 0
      let header = MemoryLayout<inotify_event>.size
      while offset + header <= count {
        let event = unsafe room.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
        let end = offset + header + Int(event.len)
        let name = unsafe room[offset + header..<end].prefix { $0 != 0 }
        changes.append(
          FileChange(
            number: event.wd, mask: event.mask, cookie: event.cookie,
            name: unsafe name.isEmpty ? nil : Path(bytes: name)))
        offset = end
      }
      return (count, changes)
    }
  }
}

extension timespec {
  fileprivate init(_ change: FileTimeChange) {
    switch change {
    // UTIME_OMIT and UTIME_NOW.
    case .keep: self.init(tv_sec: 0, tv_nsec: (1 << 30) - 2)
    case .now: self.init(tv_sec: 0, tv_nsec: (1 << 30) - 1)
    case .set(let time):
      let (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
      // Before 1970 the nanoseconds still count forward.
      self.init(tv_sec: Int(rest < 0 ? seconds - 1 : seconds), tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
    }
  }
}

extension FileStatus {
  fileprivate init(_ status: asyncio_file_status) {
    self.init(
      kind: FileKind(mode: status.mode), permissions: FilePermissions(rawValue: status.mode), size: Int(status.size),
      owner: status.owner, group: status.group, links: Int(status.links), device: status.device, inode: status.inode,
      accessed: FileTime(nanoseconds: status.accessed), modified: FileTime(nanoseconds: status.modified),
      changed: FileTime(nanoseconds: status.changed),
      born: status.born < 0 ? nil : FileTime(nanoseconds: status.born), allocated: Int(status.blocks) * 512)
  }
}
