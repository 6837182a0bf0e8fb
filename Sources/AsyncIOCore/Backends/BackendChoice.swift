// SPDX-License-Identifier: Apache-2.0
// Which backend a loop gets. io_uring if the kernel gives it all that is needed, checked with a real request: containers
// often deny it, by seccomp or by /proc/sys/kernel/io_uring_disabled. Otherwise epoll, which is always there.

import CLinux
import Glibc

package enum BackendChoice {
  /// The value of AIO_BACKEND, if it is set.
  static func fromEnvironment() throws -> BackendKind? {
    guard let value = unsafe getenv("AIO_BACKEND"), unsafe value.pointee != 0 else { return nil }
    let name = unsafe String(cString: value)
    guard let kind = BackendKind(rawValue: name), kind != .virtual else { throw EventLoopError.unknownBackend(name) }
    return kind
  }

  /// On the thread of the loop that will use it: a ring belongs to the thread that made it.
  package static func make(_ wanted: BackendKind?) throws -> any Backend {
    switch try wanted ?? fromEnvironment() {
    case .epoll: return try EpollBackend()
    case .ioUring:
      do { return try RingBackend() } catch {
        throw EventLoopError.backendUnavailable(.ioUring, reason: "\(error)")
      }
    case .virtual:
      throw EventLoopError.backendUnavailable(.virtual, reason: "it belongs to AsyncIOTesting")
    case nil:
      do { return try RingBackend() } catch {
        debugLog("io_uring is not available (\(error)); using epoll")
        return try EpollBackend()
      }
    }
  }

  /// A line on standard error if AIO_DEBUG is set.
  private static func debugLog(_ text: String) {
    if let value = unsafe getenv("AIO_DEBUG"), unsafe value.pointee != 0 {
      writeToStandardError("asyncio: \(text)\n")
    }
  }
}
