// SPDX-License-Identifier: Apache-2.0
// Points on a loop's clock. They reach 292 years in each direction. Arithmetic beyond that stops at the ends: a
// deadline of `.seconds(Int.max)` means "never", and must not end the process.

extension EventLoop {
  /// A point on a loop's clock: nanoseconds since an origin that is the same for the whole process.
  ///
  /// ```swift
  /// let deadline = EventLoop.current.time + .seconds(1)
  /// let left: Duration = deadline - EventLoop.current.time
  /// ```
  ///
  /// It reaches 292 years in each direction. Arithmetic beyond that gives the first or the last instant.
  public struct Instant: InstantProtocol, Sendable, CustomStringConvertible {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The instant later by the duration.
    public func advanced(by duration: Duration) -> Instant {
      let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
      return Instant(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
    }

    /// The time from this instant to the other.
    public func duration(to other: Instant) -> Duration {
      // A Duration can hold the difference of any two instants.
      .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
    }

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant later by the duration.
    public static func + (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: duration) }

    /// The instant earlier by the duration.
    public static func - (instant: Instant, duration: Duration) -> Instant {
      let (difference, overflow) = instant.nanoseconds.subtractingReportingOverflow(duration.clampedNanoseconds)
      return Instant(nanoseconds: overflow ? (instant.nanoseconds < 0 ? .min : .max) : difference)
    }

    /// The time from the right instant to the left one.
    public static func - (left: Instant, right: Instant) -> Duration { right.duration(to: left) }

    /// Moves the instant later by the duration.
    public static func += (instant: inout Instant, duration: Duration) { instant = instant + duration }

    /// Moves the instant earlier by the duration.
    public static func -= (instant: inout Instant, duration: Duration) { instant = instant - duration }

    /// The nanoseconds since the origin, as a duration.
    public var description: String { "\(Duration.nanoseconds(nanoseconds))" }
  }
}

extension Duration {
  /// The nanoseconds, clamped to the 292 years that an Int64 holds.
  package var clampedNanoseconds: Int64 {
    // `components` traps for durations of more seconds than an Int64 holds.
    let attoseconds = attoseconds
    // Avoids a division of 128 bits for up to nine seconds.
    if let few = Int64(exactly: attoseconds) { return few / 1_000_000_000 }
    return Int64(clamping: attoseconds / 1_000_000_000)
  }
}
