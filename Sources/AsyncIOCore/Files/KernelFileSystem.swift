// SPDX-License-Identifier: Apache-2.0
// The files of a real kernel: one system call a call, and no state but a count.

import CLinux
import Glibc
import Synchronization

package final class KernelFileSystem: FileSystem {
  private let made = Atomic<Int>(0)
  private let mounts: MountTable?
  package let isImmediate: Bool

  /// - Parameter isImmediate: Whether its calls run on the loop's thread although they may wait: for a loop whose time
  ///   is virtual, which takes no notice of that.
  package init(isImmediate: Bool = false) {
    self.isImmediate = isImmediate
    mounts = isImmediate ? nil : MountTable.shared
  }

  package var calls: Int { made.load(ordering: .relaxed) }

  func count() { made.add(1, ordering: .relaxed) }

  // MARK: - Descriptors

  package func open(_ path: Path, at directory: Int32, flags: Int32, mode: UInt32) throws(Errno) -> Int32 {
    count()
    return try Errno.check(SystemCall.open(path, at: directory, flags: flags, mode: mode))
  }

  package func openIfCached(_ path: Path) throws(Errno) -> Int32? {
    guard let mounts, mounts.isLocal(path) else { return nil }
    count()
    // O_NONBLOCK: a FIFO's open would wait for a writer.
    let result = SystemCall.openCached(path, flags: O_RDONLY | O_NONBLOCK)
    switch -result {
    // The name isn't cached, has a link in it, or the kernel is older.
    case EAGAIN, ELOOP, ENOSYS, EINVAL, EINTR: return nil
    default: return try Errno.check(result)
    }
  }

  package func close(_ descriptor: Int32) throws(Errno) {
    count()
    let result = SystemCall.close(descriptor)
    require(result != -EBADF, "descriptor \(descriptor) of a file was closed twice")
    // EINTR: Linux has released the descriptor all the same (close(2)).
    if result != -EINTR { _ = try Errno.check(result) }
  }

  package func isLocal(_ descriptor: Int32) -> Bool {
    count()
    return MountTable.localTypes.contains(asyncio_file_system_type(descriptor))
  }

  // MARK: - Bytes

  package func read(
    _ descriptor: Int32, at offset: Int?, into pieces: [UnsafeMutableRawBufferPointer], waiting: Bool
  ) throws(Errno) -> Int? {
    try transfer(waiting) { unsafe SystemCall.read(descriptor, at: offset, into: pieces, waiting: waiting) }
  }

  package func write(
    _ descriptor: Int32, at offset: Int?, from pieces: [UnsafeRawBufferPointer], waiting: Bool
  ) throws(Errno) -> Int? {
    try transfer(waiting) { unsafe SystemCall.write(descriptor, at: offset, from: pieces, waiting: waiting) }
  }

  /// - Returns: nil if the call would wait, or the file system can't tell: EOPNOTSUPP.
  @inline(__always)
  private func transfer(_ waiting: Bool, _ call: () -> Int) throws(Errno) -> Int? {
    while true {
      count()
      let result = call()
      if result >= 0 { return result }
      switch Int32(-result) {
      case EINTR: continue
      case EAGAIN: return nil
      case EOPNOTSUPP where !waiting: return nil
      default: throw Errno(Int32(-result))
      }
    }
  }

  package func sync(_ descriptor: Int32, dataOnly: Bool) throws(Errno) {
    count()
    if (dataOnly ? fdatasync(descriptor) : fsync(descriptor)) < 0 { throw Errno(errno) }
  }

  package func truncate(_ descriptor: Int32, to size: Int) throws(Errno) {
    try uninterrupted { ftruncate(descriptor, off_t(size)) < 0 ? -errno : 0 }
  }

  package func allocate(_ descriptor: Int32, from offset: Int, count: Int) throws(Errno) {
    try uninterrupted { asyncio_allocate(descriptor, 0, Int64(offset), Int64(count)) }
  }

  /// A call that a signal may interrupt before it has done anything.
  func uninterrupted(_ call: () -> Int32) throws(Errno) {
    while true {
      count()
      let result = call()
      if result != -EINTR {
        _ = try Errno.check(result)
        return
      }
    }
  }

  package func copyRange(
    from source: Int32, at offset: Int, to target: Int32, at targetOffset: Int, count: Int
  ) throws(Errno) -> Int {
    self.count()
    var (from, to) = (Int64(offset), Int64(targetOffset))
    return try Errno.check(unsafe asyncio_copy_range(source, &from, target, &to, count))
  }

  package func clone(_ source: Int32, to target: Int32) throws(Errno) {
    count()
    _ = try Errno.check(asyncio_clone_file(source, target))
  }

  package func lock(
    _ descriptor: Int32, _ lock: FileLock, from offset: Int, count: Int, waiting: Bool
  ) throws(Errno) -> Bool {
    self.count()
    let type: Int32 =
      switch lock {
      case .shared: Int32(F_RDLCK)
      case .exclusive: Int32(F_WRLCK)
      case .unlocked: Int32(F_UNLCK)
      }
    let result = asyncio_file_lock(descriptor, type, Int64(offset), Int64(count), waiting ? 1 : 0)
    if result == -EAGAIN || result == -EACCES || result == -EINTR { return false }
    _ = try Errno.check(result)
    return true
  }
}
