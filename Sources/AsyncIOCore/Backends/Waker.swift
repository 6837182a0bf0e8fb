// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What ends a backend's wait from another thread: an eventfd.
package final class Waker: Sendable {
  package let descriptor: Int32

  package init() throws {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard descriptor >= 0 else { throw SystemError("eventfd", result: -errno) }
  }

  // Not at the end of the loop: a thread that entered work in the last moment may be about to `wake`, and the number
  // could be another file's by then. It keeps the loop, and so the backend and this object, meanwhile.
  deinit { SystemCall.close(descriptor) }

  /// From any thread.
  package func wake() {
    // EAGAIN means that the counter is full: it will wake the loop.
    var one: UInt64 = 1
    _ = unsafe Glibc.write(descriptor, &one, 8)
  }

  /// Takes back what was written.
  package func clear() {
    var count: UInt64 = 0
    _ = unsafe Glibc.read(descriptor, &count, 8)
  }
}
