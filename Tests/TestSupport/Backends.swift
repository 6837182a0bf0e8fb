// SPDX-License-Identifier: Apache-2.0
// One suite for every backend: the abstraction is real only if code above it can't tell the backends apart.

public import AsyncIOCore
import Glibc

extension BackendKind {
  /// The kernel's backends, io_uring only where the machine has it. They can talk to other implementations.
  /// AIO_REQUIRE_IO_URING=1 makes a missing io_uring an error, for CI.
  public static let real: [BackendKind] = {
    if getenv("AIO_REQUIRE_IO_URING") != nil || ringIsAvailable { return [.ioUring, .epoll] }
    print("io_uring is not available here: the tests run on epoll and virtual only")
    return [.epoll]
  }()

  /// The kernel's backends and the virtual one.
  public static let all: [BackendKind] = real + [.virtual]

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
