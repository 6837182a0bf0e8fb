// SPDX-License-Identifier: Apache-2.0
// One suite for every backend: the seam is only real if nobody above it can tell what stands below.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc
import Testing

extension BackendKind {
  /// Every backend there is, io_uring only where the machine gives it. A machine whose CI is to prove io_uring says so
  /// with AIO_REQUIRE_IO_URING=1.
  static let conforming: [BackendKind] = {
    if getenv("AIO_REQUIRE_IO_URING") != nil || ringIsAvailable { return [.ioUring, .epoll, .virtual] }
    print("io_uring is not available here: the conformance suite runs on epoll and virtual only")
    return [.epoll, .virtual]
  }()

  /// A loopback address that no other test listens at: a port that was closed is soon another server's, and a test that
  /// expects nobody there would find that one.
  func ownHost(_ number: Int) -> String {
    switch self {
    case .ioUring: "127.44.1.\(number)"
    case .epoll: "127.44.2.\(number)"
    case .virtual: "127.0.0.1"
    }
  }

  private static let ringIsAvailable: Bool = {
    let available = ThreadResult<Bool>()
    // On a thread of its own, which the ring would belong to.
    startThread(name: "probe") { available.set((try? BackendChoice.make(.ioUring)) != nil) }
    return available.wait()
  }()
}

/// A value that one thread makes and another waits for.
private final class ThreadResult<Value: Sendable>: @unchecked Sendable {
  // Sendable: written before the latch opens and read after it.
  private var value: Value?
  private let latch = ThreadLatch()

  func set(_ value: Value) {
    self.value = value
    latch.open()
  }

  func wait() -> Value {
    latch.wait()
    return value!
  }
}
