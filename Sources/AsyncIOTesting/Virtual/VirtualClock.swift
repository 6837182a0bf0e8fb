// SPDX-License-Identifier: Apache-2.0

import CVirtualClock

/// The time of a virtual world: what the backend moves, and what the clocks that code on its thread reads say.
final class VirtualClock: @unchecked Sendable {
  // Sendable: the pointer never changes. The time behind it is atomic; the wall clock is set on the loop's thread only.
  private let clock: UnsafeMutablePointer<asyncio_virtual_clock>

  init() {
    clock = .allocate(capacity: 1)
    clock.initialize(to: asyncio_virtual_clock())
  }

  deinit { clock.deallocate() }

  /// From any thread.
  var now: Int64 {
    get { asyncio_virtual_now(clock) }
    set { asyncio_set_virtual_now(clock, newValue) }
  }

  /// Nanoseconds since 1970 on the wall clock: the year 2000 at the start, as Foundation's `Date`. It can be set, to no
  /// earlier year. On the loop's thread.
  var wallTime: Int64 {
    get { asyncio_virtual_wall_time(clock) }
    set { clock.pointee.wall_offset += newValue - asyncio_virtual_wall_time(clock) }
  }

  /// From now on this thread's clocks are virtual, until `end`.
  func use() { asyncio_use_virtual_clock(clock) }

  /// Lets the thread's clocks see the time that they have come to.
  func renew() { asyncio_renew_virtual_clock(clock) }

  func end() { asyncio_use_virtual_clock(nil) }
}
