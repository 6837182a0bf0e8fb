// SPDX-License-Identifier: Apache-2.0
// A wall clock is set by hand, by NTP, by a machine that was asleep. All waits follow the monotonic one.

import AsyncIO
import AsyncIOTesting
import CVirtualClock
import Glibc
import TestSupport
import Testing

@Suite("A wall clock that jumps by a year", .timeLimit(.minutes(1))) struct WallClockTests {
  private func wallSeconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec
  }

  /// Runs the body on a loop whose thread reads a wall clock that jumps at each reading. Returns the time that it took.
  private func elapsed(
    _ backend: BackendKind, _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> Duration {
    try await withEventLoop(backend: backend) {
      asyncio_let_wall_clock_jump(365 * 24 * 3600)
      defer { asyncio_let_wall_clock_jump(0) }
      // The clock does jump.
      let (first, second) = (wallSeconds(), wallSeconds())
      #expect(abs(second - first) > 365 * 24 * 3600)
      let start = ContinuousClock.now
      try await body()
      return .now - start
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `neither ends nor prolongs a sleep`(backend: BackendKind) async throws {
    let time = try await elapsed(backend) {
      try await sleep(.milliseconds(20))
      try await Task.sleep(for: .milliseconds(20))
      try await Task.sleep(until: .now + .milliseconds(20), clock: .continuous)
    }
    #expect(time >= .milliseconds(60) && time < .seconds(50), "\(time)")
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `leaves time limits alone`(backend: BackendKind) async throws {
    let time = try await elapsed(backend) {
      let (stream, peer) = try await ByteStream.pair()
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(.milliseconds(20)) { try await stream.read(upTo: 1) }
      }
      #expect(try await withTimeout(.seconds(40)) { try await toThread { 42 } } == 42)
      stream.abort()
      peer.abort()
    }
    #expect(time >= .milliseconds(20) && time < .seconds(50), "\(time)")
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `does not change the order of callbacks`(backend: BackendKind) async throws {
    _ = try await elapsed(backend) {
      let loop = EventLoop.current
      let called = Log()
      for delay in [30, 10, 20, 0] {
        loop.callLater(.milliseconds(delay)) {
          called.append("\(delay)")
          _ = self.wallSeconds()
        }
      }
      try await turns { called.entries.count == 4 }
      #expect(called.entries == ["0", "10", "20", "30"])
    }
  }
}
