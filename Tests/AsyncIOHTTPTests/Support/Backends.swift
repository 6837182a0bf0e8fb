// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting

extension BackendKind {
  /// The kernel's backends, which can talk to other implementations.
  static let real: [BackendKind] = {
    do {
      _ = try RingBackend()
      return [.ioUring, .epoll]
    } catch {
      print("io_uring is not available here (\(error)): the tests run on epoll only")
      return [.epoll]
    }
  }()

  /// The kernel's backends and the virtual one.
  static let all: [BackendKind] = real + [.virtual]
}
