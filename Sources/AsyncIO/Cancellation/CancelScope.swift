// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Synchronization

/// A stretch of code that can be cancelled by itself; trio's `CancelScope`, and what asyncio's `timeout()` gives.
/// `withTimeout`, `moveOnAfter` and `withCancelScope` make one.
///
/// ```swift
/// try await withTimeout(.seconds(10)) { scope in
///   for try await line in reader.lines {
///     scope.reschedule(after: .seconds(10))  // ten seconds for each line
///     print(line)
///   }
/// }
/// ```
///
/// Scopes nest: what cancels one cancels all within, and only the one that was cancelled swallows the cancellation or
/// turns it into a `TimeoutError`. It may be used from any thread.
///
/// Code in a scope, of whichever kind, and behind a `shield` runs in a task of Swift's of its own. So a Swift task group
/// from around it must not be given tasks there (`group.addTask`): they would be children of a task that ends before them,
/// and neither the compiler nor the runtime checks that; the program crashes. A group that is opened within the scope may,
/// and so may a `TaskScope`, from anywhere.
public final class CancelScope: @unchecked Sendable {
  // Sendable: `timer` and `soon` belong to the loop's thread; the rest is immutable, or made for many threads.
  let node: CancelNode
  let loop: EventLoop
  /// What was around where it was made.
  let around: CancelNode?
  /// Whether it has ever had a deadline, and so perhaps a timer. It only ever becomes true, and whoever sets the first
  /// deadline of a scope from another thread adjusts its timer for that, even if the scope has not seen it and is over.
  private let everHadDeadline: Atomic<Bool>
  /// When it was made.
  let start: EventLoop.Instant
  private var timer: TimerID?
  /// Its timer's part for a deadline that had passed already.
  private var soon: Handle?
  /// The end of what runs in it.
  let settlement = Settlement()

  private init(from start: EventLoop.Instant, to deadline: EventLoop.Instant?, shielded: Bool, on loop: EventLoop) {
    self.loop = loop
    self.start = start
    around = .current
    node = CancelNode(
      parent: shielded ? nil : around, deadline: deadline, isShield: shielded,
      caller: TaskIdentity.current(within: around))
    everHadDeadline = Atomic(deadline != nil)
  }

  /// A scope that begins now; nil is no deadline.
  @usableFromInline
  convenience init(deadline: EventLoop.Instant?) throws {
    let loop = try EventLoop.currentOrStarted()
    self.init(from: loop.time, to: deadline, shielded: false, on: loop)
  }

  /// The same for so long. Shielded, what is around doesn't cancel it.
  @usableFromInline
  convenience init(after duration: Duration?, shielded: Bool = false) throws {
    let loop = try EventLoop.currentOrStarted()
    let start = loop.time
    self.init(from: start, to: duration.map { start.advanced(by: $0) }, shielded: shielded, on: loop)
  }

  /// When the code in the scope is cancelled; nil is never. asyncio's `when`. In the past, it is cancelled in the next
  /// turn. The scope's own deadline: an earlier one around it counts too, see `currentDeadline`.
  public var deadline: EventLoop.Instant? { node.deadline }

  /// Sets the deadline; nil takes it away. asyncio's `reschedule`. Does nothing once the scope is over or cancelled.
  public func reschedule(at deadline: EventLoop.Instant?) {
    node.deadline = deadline
    everHadDeadline.store(true, ordering: .relaxed)
    adjustTimer()
  }

  /// Sets the deadline, from now.
  public func reschedule(after duration: Duration) { reschedule(at: loop.time.advanced(by: duration)) }

  /// Cancels the code in the scope.
  ///
  /// - Parameter reason: What `currentCancelReason` says there. The first one stands.
  /// - Returns: False if the scope is over already; then this does nothing.
  @discardableResult
  public func cancel(_ reason: String = "") -> Bool { node.cancel(CancelReason(.requested, reason)) }

  /// Whether the scope was cancelled, by `cancel` or by its deadline. trio's `cancel_called`.
  public var isCancelled: Bool { node.ownReason != nil }

  /// Whether its own deadline cancelled it; asyncio's `expired`.
  public var hasExpired: Bool { node.ownReason?.kind == .deadline }

  /// Why it was cancelled; nil if it was not.
  public var cancelReason: CancelReason? { node.ownReason }

  @usableFromInline
  func timeoutError(_ operation: String) -> any Error {
    TimeoutError(operation, after: start.duration(to: deadline ?? start), scope: self)
  }

  // MARK: - Its timer

  var hasDeadline: Bool { everHadDeadline.load(ordering: .relaxed) }

  /// Makes the timer what the deadline says: on the loop's thread now, from others soon.
  func adjustTimer() {
    guard loop.isCurrent else { return loop.postFromAnywhere { _ in self.adjustTimer() } }
    removeTimer()
    if let deadline = node.pendingDeadline { setTimer(deadline, at: loop.time) }
  }

  /// Sets the timer, where none is set.
  func setTimer(_ deadline: EventLoop.Instant, at now: EventLoop.Instant) {
    guard loop.isCurrent else { return adjustTimer() }
    if deadline <= now {
      // The loop looks at its timers when it has nothing else to do, or after a number of jobs: that is not yet the next
      // turn.
      soon = loop.callSoon { [node] in node.cancel(CancelReason(.deadline)) }
    } else {
      timer = loop.expire(node, at: deadline)
    }
  }

  func removeTimer() {
    guard loop.isCurrent else { return adjustTimer() }
    if let timer = timer.take() { loop.cancel(timer) }
    if let soon = soon.take() { soon.cancel() }
  }
}

/// The time for something ran out.
///
/// ```swift
/// do {
///   try await withTimeout(.seconds(5)) { outer in
///     try await withTimeout(.seconds(1)) { try await query() }
///   }
/// } catch let error as TimeoutError {
///   print(error)  // withTimeout: out of time after 1.0 seconds
/// }
/// ```
public struct TimeoutError: Error, Sendable, CustomStringConvertible {
  /// What was limited, and how: `withTimeout: out of time after 1.0 seconds`.
  public let description: String
  private let scope: CancelScope?

  /// For code that has time limits of its own: `TimeoutError("query db.example.org", after: .seconds(5))`.
  ///
  /// - Parameter operation: What was limited, with whom or what it was about.
  public init(_ operation: String, after duration: Duration) { self.init(operation, after: duration, scope: nil) }

  init(_ operation: String, after duration: Duration, scope: CancelScope?) {
    description = "\(operation): out of time after \(Duration.nanoseconds(duration.clampedNanoseconds))"
    self.scope = scope
  }

  /// Whether it was this scope whose time ran out, not one within it.
  public func isFrom(_ scope: CancelScope) -> Bool { self.scope === scope }
}
