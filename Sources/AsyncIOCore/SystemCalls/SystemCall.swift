// SPDX-License-Identifier: Apache-2.0
// One wrapper a system call: the only Swift caller of its C function. Each returns what the call does, or a negative
// errno, and none waits: -EAGAIN says that the call would have to. What a result means is for the callers to say:
// `KernelSockets`, the backends, and whatever works on descriptors of the program's own.
//
// A call with a single use stands where it is used, and moves here with the second one.

import CLinux
import Glibc

package enum SystemCall {
  /// CLOCK_MONOTONIC in nanoseconds.
  static var monotonicTime: Int64 { asyncio_monotonic_nanoseconds() }

  /// CLOCK_REALTIME.
  package static var wallTime: WallTime {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(secondsSince1970: time.tv_sec, nanosecond: time.tv_nsec)
  }

  // MARK: - Descriptors

  /// EINTR needs no second call: Linux has released the descriptor all the same (close(2)).
  @discardableResult
  package static func close(_ descriptor: Int32) -> Int32 { Glibc.close(descriptor) < 0 ? -errno : 0 }

  static func read(into room: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    unsafe asyncio_read(descriptor, room.baseAddress, room.count)
  }

  /// Raises no SIGPIPE.
  package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    unsafe asyncio_write(descriptor, bytes.baseAddress, bytes.count)
  }

  /// Whether there is input, the end, or an error (poll(2)).
  static func isReadable(_ descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe Glibc.poll(&entry, 1, 0) != 0
  }

  /// The flags of the open file description (F_GETFL).
  package static func statusFlags(of descriptor: Int32) -> Int32 {
    let flags = fcntl(descriptor, F_GETFL)
    return flags < 0 ? -errno : flags
  }

  static func setStatusFlags(_ flags: Int32, of descriptor: Int32) { _ = fcntl(descriptor, F_SETFL, flags) }

  /// Close-on-exec, and none of the standard descriptors' numbers.
  static func duplicate(_ descriptor: Int32) throws(SystemError) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw SystemError("fcntl", "F_DUPFD_CLOEXEC of descriptor \(descriptor)", result: -errno) }
    return copy
  }

  /// The type bits of what a descriptor is of (fstat(2)).
  static func fileType(of descriptor: Int32) throws(SystemError) -> mode_t {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw SystemError("fstat", "descriptor \(descriptor)", result: -errno)
    }
    return status.st_mode & S_IFMT
  }

  // MARK: - Files

  /// sendfile(2): bytes of a file into a socket, 0 at the end of the file; -EINVAL where that can't be had. Raises no
  /// SIGPIPE. A file that is not in the page cache makes it wait for the disk: see `isCached`.
  package static func sendFile(_ file: Int32, from offset: Int, count: Int, to descriptor: Int32) -> Int {
    asyncio_send_file(descriptor, file, offset, count)
  }

  /// Whether the byte of a file at the offset can be had without waiting for a disk (RWF_NOWAIT, Linux 4.14); also
  /// where the kernel can't tell.
  package static func isCached(_ file: Int32, at offset: Int) -> Bool { asyncio_is_cached(file, offset) != 0 }
}
