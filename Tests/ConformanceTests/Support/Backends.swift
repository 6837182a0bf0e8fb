// SPDX-License-Identifier: Apache-2.0
// One suite for every backend: the abstraction is real only if code above it can't tell the backends apart.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc
import Testing

extension BackendKind {
  /// All backends, io_uring only where the machine has it. AIO_REQUIRE_IO_URING=1 makes a missing io_uring an error,
  /// for CI.
  static let conforming: [BackendKind] = {
    if getenv("AIO_REQUIRE_IO_URING") != nil || ringIsAvailable { return [.ioUring, .epoll, .virtual] }
    print("io_uring is not available here: the conformance suite runs on epoll and virtual only")
    return [.epoll, .virtual]
  }()

  /// A loopback address on which no other test listens. A closed port soon belongs to another server, and a test that
  /// expects no listener would find that one.
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

/// A value that one thread produces and another waits for.
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
