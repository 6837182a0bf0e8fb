// SPDX-License-Identifier: Apache-2.0
// The part of the seam that is files. Every call is synchronous and may come from any thread, several at a time: whole
// jobs of calls run on the blocking pool, and single calls on the loop's thread where they can't wait.
// `KernelFileSystem` serves every backend on a kernel; a file system in memory brings its own.
//
// The words are the kernel's: flags, modes and errors are those of open(2), rename(2) and their kin, so that a program
// can't tell the two apart. A call is one system call there; a short read or write is passed on. Code above says what
// the call was for and on which path: the error thrown here is the bare number.
//
// A path is resolved from a directory's descriptor, or from the working directory (`workingDirectory`). A descriptor is
// this file system's own number. It keeps its file until it is closed, whatever becomes of the names.

import Glibc

package protocol FileSystem: AnyObject, Sendable {
  /// Whether no call here ever waits: then jobs run at once, on the loop's thread, in the order in which tasks ask.
  var isImmediate: Bool { get }

  /// Calls made so far, of all threads.
  var calls: Int { get }

  // MARK: Descriptors

  /// open(2), with O_CLOEXEC added. The mode counts if a file is made; the umask applies.
  func open(_ path: Path, at directory: Int32, flags: Int32, mode: UInt32) throws(Errno) -> Int32

  /// Opens a file for reading if that can't wait: on a local file system, by a name that is in the kernel's cache and
  /// has no symbolic link in it. Nil says nothing but to use `open`, elsewhere.
  func openIfCached(_ path: Path) throws(Errno) -> Int32?

  /// close(2). The descriptor is gone, also after an error: that says what became of earlier writes.
  func close(_ descriptor: Int32) throws(Errno)

  /// Whether the file is on a file system of this machine, where opening, closing and writing to the cache is a matter
  /// of microseconds. Not so on NFS, FUSE and whatever isn't known.
  func isLocal(_ descriptor: Int32) -> Bool

  // MARK: Bytes

  /// preadv2(2): the number of bytes, 0 at the end; nil if it would wait and must not (RWF_NOWAIT, EAGAIN).
  ///
  /// - Parameter offset: From the beginning of the file; nil is the descriptor's own position.
  func read(
    _ descriptor: Int32, at offset: Int?, into pieces: [UnsafeMutableRawBufferPointer], waiting: Bool
  ) throws(Errno) -> Int?

  /// pwritev2(2): the number of bytes; nil if it would wait and must not. The bytes are in the file for all who read
  /// it, and on the disk after `sync`. With O_APPEND the offset doesn't matter: they go to the end.
  func write(
    _ descriptor: Int32, at offset: Int?, from pieces: [UnsafeRawBufferPointer], waiting: Bool
  ) throws(Errno) -> Int?

  /// fsync(2), or fdatasync(2): returns when content and length are on the disk; of a directory, its entries.
  func sync(_ descriptor: Int32, dataOnly: Bool) throws(Errno)

  /// ftruncate(2): longer ones end in zeros.
  func truncate(_ descriptor: Int32, to size: Int) throws(Errno)

  /// fallocate(2): keeps room for a part of the file, so that writing there can't meet a full disk.
  func allocate(_ descriptor: Int32, from offset: Int, count: Int) throws(Errno)

  /// copy_file_range(2): a part of a file into another one, without passing through this process; the number of bytes,
  /// 0 at the end. EXDEV, EINVAL, EOPNOTSUPP or ENOSYS where that can't be had: read and write then.
  func copyRange(
    from source: Int32, at offset: Int, to target: Int32, at targetOffset: Int, count: Int
  ) throws(Errno) -> Int

  /// FICLONE: the target shares all blocks of the source until one of them is written. EOPNOTSUPP, EXDEV or EINVAL
  /// where that can't be had.
  func clone(_ source: Int32, to target: Int32) throws(Errno)

  /// fcntl(2), F_OFD_SETLK: sets or takes away a lock of the open file. False if another one has it, or if a call that
  /// waits was interrupted.
  ///
  /// - Parameter count: From the offset; 0 is to the end, wherever that will be.
  func lock(
    _ descriptor: Int32, _ lock: FileLock, from offset: Int, count: Int, waiting: Bool
  ) throws(Errno) -> Bool

  // MARK: What is known of a file

  /// fstat(2).
  func status(of descriptor: Int32) throws(Errno) -> FileStatus

  /// stat(2), or lstat(2) without following a link in the last component.
  func status(of path: Path, at directory: Int32, followsLinks: Bool) throws(Errno) -> FileStatus

  /// faccessat(2) for the effective user: R_OK, W_OK, X_OK, or F_OK.
  func access(_ path: Path, at directory: Int32, mode: Int32) throws(Errno)

  /// fchmod(2).
  func setPermissions(_ permissions: FilePermissions, of descriptor: Int32) throws(Errno)

  /// chmod(2); follows links.
  func setPermissions(_ permissions: FilePermissions, of path: Path, at directory: Int32) throws(Errno)

  /// chown(2); nil leaves a number as it is.
  func setOwner(
    _ owner: UInt32?, group: UInt32?, of path: Path, at directory: Int32, followsLinks: Bool
  ) throws(Errno)

  /// utimensat(2).
  func setTimes(
    accessed: FileTimeChange, modified: FileTimeChange, of path: Path, at directory: Int32, followsLinks: Bool
  ) throws(Errno)

  // MARK: Names

  /// renameat2(2): afterwards the file has the new name only, or neither has changed.
  func rename(
    _ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32, _ mode: RenameMode
  ) throws(Errno)

  /// link(2): a second name for a file, never for a directory; a symbolic link is not followed.
  func link(_ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32) throws(Errno)

  /// symlink(2): a link that says `target`, whether there is such a file or not.
  func makeSymbolicLink(_ path: Path, at directory: Int32, saying target: Path) throws(Errno)

  /// readlink(2): what a symbolic link says; EINVAL of anything else.
  func readLink(_ path: Path, at directory: Int32) throws(Errno) -> Path

  /// unlink(2), or rmdir(2) of a directory that is empty.
  func remove(_ path: Path, at directory: Int32, isDirectory: Bool) throws(Errno)

  /// mkdir(2); the umask applies.
  func makeDirectory(_ path: Path, at directory: Int32, mode: UInt32) throws(Errno)

  /// getdents64(2): appends a batch of the directory's entries, without `.` and `..`, and goes on where the last call
  /// ended. False at the end. An entry that is made or removed meanwhile may be there or not.
  func readEntries(of directory: Int32, into entries: inout [DirectoryEntry]) throws(Errno) -> Bool

  /// realpath(3): the absolute path without links, `.` and `..`.
  func resolve(_ path: Path) throws(Errno) -> Path

  /// getcwd(2).
  var currentDirectory: Path { get throws(Errno) }

  // MARK: Watching

  /// inotify_init1(2): a descriptor that becomes readable (`.poll` of the backend) when something has happened.
  func openWatch() throws(Errno) -> Int32

  /// inotify_add_watch(2): begins to watch one file or one directory, not what lies below, and names it by a number.
  ///
  /// - Parameter mask: IN_CREATE and its kin.
  func watch(_ path: Path, mask: UInt32, with watch: Int32) throws(Errno) -> Int32

  /// inotify_rm_watch(2).
  func unwatch(_ number: Int32, with watch: Int32) throws(Errno)

  /// What has happened since the last call, in order; empty if nothing has.
  func readChanges(of watch: Int32) throws(Errno) -> [FileChange]
}

extension FileSystem {
  /// In place of a directory's descriptor: paths that are not absolute begin where the process is.
  package var workingDirectory: Int32 { AT_FDCWD }

  package func read(
    _ descriptor: Int32, at offset: Int?, into room: UnsafeMutableRawBufferPointer, waiting: Bool = true
  ) throws(Errno) -> Int? {
    unsafe try read(descriptor, at: offset, into: [room], waiting: waiting)
  }

  package func write(
    _ descriptor: Int32, at offset: Int?, from bytes: UnsafeRawBufferPointer, waiting: Bool = true
  ) throws(Errno) -> Int? {
    unsafe try write(descriptor, at: offset, from: [bytes], waiting: waiting)
  }
}

/// What becomes of a file that has the new name already.
package enum RenameMode: Sendable {
  case replaces
  /// EEXIST (RENAME_NOREPLACE).
  case keeps
  /// It gets the old name (RENAME_EXCHANGE).
  case exchanges
}

/// What becomes of a time of a file.
package enum FileTimeChange: Sendable {
  case keep
  /// The file system's own clock.
  case now
  case set(FileTime)

  package init(_ time: FileTime?) { self = time.map { .set($0) } ?? .keep }
}

/// A lock that only those heed who ask for one, too.
public enum FileLock: Sendable {
  /// Several may have it at a time.
  case shared
  /// One has it, and nobody has a shared one.
  case exclusive
  case unlocked
}

/// A name in a directory.
public struct DirectoryEntry: Hashable, Sendable {
  /// The last component of the path.
  public let name: Path
  /// What it is, a link not followed; `.unknown` where the file system doesn't keep that in the directory.
  public let kind: FileKind
  /// The number of the file.
  package let inode: UInt64

  package init(name: Path, kind: FileKind, inode: UInt64) {
    self.name = name
    self.kind = kind
    self.inode = inode
  }
}

/// An event of inotify(7).
package struct FileChange: Hashable, Sendable {
  /// The watched file or directory: the number that `watch` gave; -1 of an overflow.
  package let number: Int32
  /// IN_CREATE and its kin; IN_Q_OVERFLOW says that events were lost.
  package let mask: UInt32
  /// What both halves of a rename have in common; 0 otherwise.
  package let cookie: UInt32
  /// The entry of the watched directory; nil of the watched one itself.
  package let name: Path?

  package init(number: Int32, mask: UInt32, cookie: UInt32, name: Path?) {
    self.number = number
    self.mask = mask
    self.cookie = cookie
    self.name = name
  }
}

/// Why a call on a file failed, before anybody has said which call on which file: `named` makes a `SystemError` of it.
package struct Errno: Error, Hashable {
  package let code: Int32

  package init(_ code: Int32) { self.code = code }

  package func named(_ operation: String, _ object: String = "") -> SystemError {
    SystemError(operation, object, code: SystemError.Code(rawValue: code))
  }

  /// The value of a result, or its negative errno as an error.
  package static func check<Number: SignedInteger>(_ result: Number) throws(Errno) -> Number {
    if result < 0 { throw Errno(Int32(-result)) }
    return result
  }
}
