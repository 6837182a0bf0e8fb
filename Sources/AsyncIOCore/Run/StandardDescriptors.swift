// SPDX-License-Identifier: Apache-2.0
// A program may be started with standard input, output or error closed (`program <&-`, a careless supervisor). The next
// descriptors that anybody opens then have the numbers 0 to 2: the loop's own ring, or a client's socket, which a `print`
// would write into. As the runtimes of Go and Rust do, a loop opens /dev/null in their place before it opens anything.

import Glibc

enum StandardDescriptors {
  /// Sees to it that 0, 1 and 2 are something; once in the process. A program that closes them later wants that.
  static func ensureOpen() { _ = opened }

  private static let opened: Void = {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest number that is free, and so this one. Programs that are started from here inherit it.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }()
}
