// SPDX-License-Identifier: Apache-2.0
// Waits for a time of the wall clock. The loop's timers follow the monotonic clock, so such a wait takes the time that
// is left now. It ends early when the wall clock is set, and then looks again.
//
// Linux tells by a timerfd that the clock was set (TFD_TIMER_CANCEL_ON_SET), and also after the machine was suspended,
// when the monotonic clock has stood still. Where that can't be had, waits look at the clock once a minute. A clock
// that is slewed (adjtime(3)) carries the monotonic one with it.

import CLinux
import Glibc

extension EventLoop {
  /// The wall clock of this loop: the machine's, or in virtual time one that begins with the year 2000.
  public var wallTime: WallTime { backend.wallTime }

  /// Waits until the wall clock shows a time, or is set. Returns whether it shows the time. On the loop's thread.
  package nonisolated(nonsending) func waitOnce(until time: WallTime) async throws -> Bool {
    let watch = WallClockWatch.of(self)
    // First: a clock that is set after the reading below must end the wait.
    watch.open()
    let left = wallTime.duration(to: time)
    if left <= .zero { return true }
    let longest = watch.isTold ? .max : WallClockWatch.interval
    let wait = beginWait(WaitReason("sleep until a time of the wall clock"))
    let place = watch.join(wait)
    let outcome = await self.wait(wait, until: deadline(after: min(left.clampedNanoseconds, longest)))
    watch.leave(place)
    if outcome == .cancelled { throw cancellation }
    return wallTime >= time
  }

  /// Ends the waits for times of the wall clock, which then look at it again. On the loop's thread.
  package func wallClockWasSet() { WallClockWatch.of(self).clockWasSet() }
}

extension WallTime {
  /// The time by the wall clock of the current loop, or of the machine on a thread without a loop.
  public static var now: WallTime { EventLoop.onThisThread?.wallTime ?? SystemCall.wallTime }
}

/// Suspends the task until the wall clock shows the time, or a later one.
///
/// ```swift
/// try await sleep(until: WallTime.now + .seconds(3600))
/// ```
///
/// The clock may be set during the wait, which then becomes longer or shorter, and the machine may be suspended. For a
/// duration take `sleep(_:)`, which follows a clock that nobody sets.
///
/// - Throws: `CancellationError` as soon as the task is cancelled.
public nonisolated(nonsending) func sleep(until time: WallTime) async throws {
  try await onCurrentLoop { loop in
    while !(try await loop.waitOnce(until: time)) {}
  }
}

/// The waits of one loop for times of the wall clock. On the loop's thread.
final class WallClockWatch: OperationSink {
  /// Nanoseconds between two looks at a clock whose jumps aren't told.
  static let interval: Int64 = 60_000_000_000

  private let loop: EventLoop
  private var waits = WaitList<WaitID>()
  private var descriptor: Int32?
  private var operation: OperationID?
  private var isOpen = false
  /// Whether waits are ended when the clock is set.
  private(set) var isTold = false

  static func of(_ loop: EventLoop) -> WallClockWatch {
    let key = ObjectIdentifier(WallClockWatch.self)
    if let there = loop.attachments[key] as? WallClockWatch { return there }
    let new = WallClockWatch(loop)
    loop.attachments[key] = new
    return new
  }

  private init(_ loop: EventLoop) { self.loop = loop }

  deinit {
    if let descriptor { SystemCall.close(descriptor) }
  }

  func open() {
    if isOpen { return }
    isOpen = true
    descriptor = loop.backend.openWallClockWatch()
    isTold = descriptor != nil || loop.backend.kind == .virtual
  }

  func join(_ wait: WaitID) -> WaitList<WaitID>.Token {
    defer { arm() }
    return waits.join(wait)
  }

  func leave(_ place: WaitList<WaitID>.Token) {
    waits.leave(place)
    if waits.isEmpty, let operation = operation.take() { loop.cancel(operation) }
  }

  func clockWasSet() {
    for wait in waits.takeAll() { loop.resume(wait) }
  }

  private func arm() {
    guard operation == nil, let descriptor else { return }
    operation = loop.poll(descriptor, events: UInt32(POLLIN), sink: self)
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    guard operation == self.operation else { return }
    if completion.isLast { self.operation = nil }
    if completion.result < 0 {
      // The end of the loop, or a system that refuses to poll a timer.
      isTold = false
      descriptor.map { _ = SystemCall.close($0) }
      descriptor = nil
    } else if let descriptor {
      var count: UInt64 = 0
      // Fails with ECANCELED, and so makes the descriptor wait for the next change.
      _ = unsafe read(descriptor, &count, 8)
    }
    clockWasSet()
  }
}
