// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Synchronization

/// A stretch of code that can be cancelled by itself; trio's `CancelScope`, and the result of asyncio's `timeout()`.
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
/// Scopes nest. Cancelling a scope cancels every scope within it, and only the cancelled one swallows the cancellation
/// or turns it into a `TimeoutError`. A scope may be used from any thread.
///
/// Code in a scope of any kind, and behind a `shield`, runs in a Swift task of its own. So code in it must not add
/// tasks to a Swift task group from outside (`group.addTask`): they would be children of a task that ends before them.
/// Neither the compiler nor the runtime checks that, and the program crashes. Groups that are opened within the scope
/// are safe, and so is a `TaskScope` from anywhere.
public final class CancelScope: @unchecked Sendable {
  // Sendable: `timer` and `soon` belong to the loop's thread; the rest is immutable or safe for many threads.
  let node: ScopeNode
  let loop: EventLoop
  /// The scope around the place where this one was made.
  let around: CancelNode?
  /// True once a deadline was set, so a timer may exist. Never reset. A thread that sets the first deadline late also
  /// removes the timer, even if the scope is over and hasn't seen the deadline.
  private let everHadDeadline: Atomic<Bool>
  /// When the scope was made.
  let start: EventLoop.Instant
  private var timer: TimerID?
  /// Does the timer's work for a deadline that had already passed.
  private var soon: Handle?

  private init(from start: EventLoop.Instant, to deadline: EventLoop.Instant?, shielded: Bool, on loop: EventLoop) {
    self.loop = loop
    self.start = start
    around = .current
    node = ScopeNode(
      parent: shielded ? nil : around, deadline: deadline, isShield: shielded,
      caller: TaskIdentity.current(within: around))
    everHadDeadline = Atomic(deadline != nil)
  }

  /// Makes a scope that begins now; nil for no deadline.
  @usableFromInline
  convenience init(deadline: EventLoop.Instant?) throws {
    let loop = try EventLoop.currentOrStarted()
    self.init(from: loop.time, to: deadline, shielded: false, on: loop)
  }

  /// Makes a scope that ends after a duration. If shielded, the scopes around don't cancel it.
  @usableFromInline
  convenience init(after duration: Duration?, shielded: Bool = false) throws {
    let loop = try EventLoop.currentOrStarted()
    let start = loop.time
    self.init(from: start, to: duration.map { start.advanced(by: $0) }, shielded: shielded, on: loop)
  }

  /// The time at which the code in the scope is cancelled; nil for never. asyncio's `when`. A deadline in the past
  /// cancels in the next turn. An earlier deadline of a scope around counts too: `currentDeadline` includes it.
  public var deadline: EventLoop.Instant? { node.deadline }

  /// Sets the deadline, or removes it if nil; asyncio's `reschedule`. Does nothing once the scope is over or cancelled.
  public func reschedule(at deadline: EventLoop.Instant?) {
    node.deadline = deadline
    everHadDeadline.store(true, ordering: .relaxed)
    adjustTimer()
  }

  /// Sets the deadline to a duration from now. Does nothing once the scope is over or cancelled.
  public func reschedule(after duration: Duration) { reschedule(at: loop.time.advanced(by: duration)) }

  /// Cancels the code in the scope.
  ///
  /// - Parameter reason: What `currentCancelReason` says there. The first reason stands.
  /// - Returns: False if the scope is already over: then this does nothing.
  @discardableResult
  public func cancel(_ reason: String = "") -> Bool { node.cancel(CancelReason(.requested, reason)) }

  /// Whether the scope was cancelled, by `cancel` or by its deadline; trio's `cancel_called`.
  public var isCancelled: Bool { node.ownReason != nil }

  /// Whether the scope's own deadline cancelled it; asyncio's `expired`.
  public var hasExpired: Bool { node.ownReason?.kind == .deadline }

  /// Why the scope was cancelled; nil if it wasn't.
  public var cancelReason: CancelReason? { node.ownReason }

  @usableFromInline
  func timeoutError(_ operation: String) -> any Error {
    TimeoutError(operation, after: start.duration(to: deadline ?? start), during: node.expiredWait, scope: self)
  }

  // MARK: - Its timer

  var hasDeadline: Bool { everHadDeadline.load(ordering: .relaxed) }

  /// Makes the timer follow the deadline: now if called on the loop's thread, soon if called on another.
  func adjustTimer() {
    guard loop.isCurrent else { return loop.postFromAnywhere { _ in self.adjustTimer() } }
    removeTimer()
    if let deadline = node.pendingDeadline { setTimer(deadline, at: loop.time) }
  }

  /// Sets the timer, if none is set.
  func setTimer(_ deadline: EventLoop.Instant, at now: EventLoop.Instant) {
    guard loop.isCurrent else { return adjustTimer() }
    if deadline <= now {
      // The loop looks at its timers when idle or after a number of jobs, which may be later than the next turn.
      soon = loop.callSoon { [node, loop] in loop.expire(node) }
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

/// A time limit was exceeded.
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
  /// The operation and its limit: `withTimeout: out of time after 1.0 seconds`. If the code waited for a peer, or
  /// another thing with a name, that follows: `withTimeout: out of time after 1.0 seconds (receive from
  /// 127.0.0.1:8080)`.
  public let description: String
  private let scope: CancelScope?

  /// Makes an error for code that has time limits of its own:
  /// `TimeoutError("query db.example.org", after: .seconds(5))`.
  ///
  /// - Parameters:
  ///   - operation: The operation, with its peer or object.
  ///   - duration: The limit that was exceeded.
  public init(_ operation: String, after duration: Duration) {
    self.init(operation, after: duration, during: nil, scope: nil)
  }

  init(_ operation: String, after duration: Duration, during wait: String?, scope: CancelScope?) {
    let place = wait.map { " (\($0))" } ?? ""
    description = "\(operation): out of time after \(Duration.nanoseconds(duration.clampedNanoseconds))\(place)"
    self.scope = scope
  }

  /// Whether this scope's time ran out, and not that of a scope within it.
  public func isFrom(_ scope: CancelScope) -> Bool { self.scope === scope }
}
