// SPDX-License-Identifier: Apache-2.0
// Which backend a loop gets. io_uring if the kernel gives it all that is needed, checked with a real request:
// containers often deny it, by seccomp or by /proc/sys/kernel/io_uring_disabled. Otherwise epoll, which is always
// there.

import CLinux
import Glibc
import Synchronization

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
    if let wanted { return try make(wanted, because: "asked for by the program") }
    if let kind = try fromEnvironment() { return try make(kind, because: "asked for by AIO_BACKEND") }
    do {
      return try announced(RingBackend(), because: "the best there is")
    } catch {
      return try announced(EpollBackend(), because: "io_uring is not available: \(error)")
    }
  }

  private static func make(_ kind: BackendKind, because reason: String) throws -> any Backend {
    switch kind {
    case .epoll: return try announced(EpollBackend(), because: reason)
    case .ioUring:
      do {
        return try announced(RingBackend(), because: reason)
      } catch {
        throw EventLoopError.backendUnavailable(.ioUring, reason: "\(error)")
      }
    case .virtual:
      throw EventLoopError.backendUnavailable(.virtual, reason: "it belongs to AsyncIOTesting")
    }
  }

  /// Says in debug mode what was chosen, and why: once in the process for each kind.
  private static func announced(_ backend: any Backend, because reason: String) -> any Backend {
    if DebugMode.isOn && announcedKinds.withLock({ $0.insert(backend.kind).inserted }) {
      DebugMode.log("backend \(backend.kind) (\(reason))")
    }
    return backend
  }

  private static let announcedKinds = Mutex<Set<BackendKind>>([])
}
