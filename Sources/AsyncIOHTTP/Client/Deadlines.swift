// SPDX-License-Identifier: Apache-2.0
// A request's time limits as times of its loop's clock. Each wait ends at the earlier of its phase's limit and the end
// of the whole request. No further task or timer is needed.

import AsyncIOCore

struct Deadlines {
  let timeouts: HTTPTimeouts
  private let connect: Int64
  private let idle: Int64
  /// When the whole request must be over; `.max` for no limit.
  private(set) var total: Int64

  init(_ timeouts: HTTPTimeouts, on loop: EventLoop) {
    self.timeouts = timeouts
    connect = timeouts.connect?.clampedNanoseconds ?? .max
    idle = timeouts.idle?.clampedNanoseconds ?? .max
    total = timeouts.total.map { loop.deadline(after: $0.clampedNanoseconds) } ?? .max
  }

  /// These deadlines, with the whole request over at the given time at the latest.
  func until(_ deadline: Int64) -> Deadlines {
    var copy = self
    copy.total = min(total, deadline)
    return copy
  }

  func toConnect(on loop: EventLoop) -> Int64 { connect == .max ? total : min(total, loop.deadline(after: connect)) }

  func whileIdle(on loop: EventLoop) -> Int64 { idle == .max ? total : min(total, loop.deadline(after: idle)) }

  /// The limit that a wait in this phase has hit.
  func limit(hitIn phase: HTTPError.Phase, on loop: EventLoop) -> Duration {
    if total != .max && loop.time.nanoseconds >= total { return timeouts.total ?? .zero }
    let limit = phase == .connecting ? timeouts.connect : timeouts.idle
    return limit ?? timeouts.total ?? .zero
  }
}
