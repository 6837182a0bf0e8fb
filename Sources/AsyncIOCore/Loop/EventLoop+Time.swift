// SPDX-License-Identifier: Apache-2.0
// Callbacks on the loop's clock. Time comes only from the backend, so that a simulated one can keep its own.

extension EventLoop {
  /// The current time of the clock that this loop's timers follow: the machine's monotonic one, or a simulated one;
  /// asyncio's `time`.
  public var time: Instant { Instant(nanoseconds: backend.now) }

  /// Calls back in the next turn, in the order of these calls; asyncio's `call_soon`. Call it on the loop's thread;
  /// from other threads use `callSoonThreadsafe`.
  ///
  /// All these callbacks run with the task-local values of the place where they were scheduled.
  @discardableResult
  public func callSoon(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () -> Void
  ) -> Handle {
    expectCurrent("callSoon", file: file, line: line)
    let handle = Handle(context: .capture(), callback)
    ready.append(ReadyItem(handle))
    return handle
  }

  /// Calls back on the loop's thread, soon; asyncio's `call_soon_threadsafe`. Callable from any thread.
  ///
  /// - Throws: `EventLoopError.closed` if the loop has ended.
  @discardableResult
  public func callSoonThreadsafe(_ callback: @escaping @Sendable () -> Void) throws -> Handle {
    if isCurrent { return callSoon(callback) }
    let handle = Handle(context: .capture(), callback)
    let item = ReadyItem(handle)
    guard enter(item) else {
      _ = item.takeHandle()
      throw EventLoopError.closed
    }
    return handle
  }

  /// Calls back after a delay; asyncio's `call_later`. Call it on the loop's thread.
  @discardableResult
  public func callLater(
    _ delay: Duration, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () -> Void
  ) -> TimerHandle {
    expectCurrent("callLater", file: file, line: line)
    return callAt(
      Instant(nanoseconds: deadline(after: delay.clampedNanoseconds)), file: file, line: line, callback)
  }

  /// Calls back at a time of this loop's clock or later; asyncio's `call_at`. Callbacks for one time come in the order
  /// of these calls. Call it on the loop's thread.
  @discardableResult
  public func callAt(
    _ when: Instant, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () -> Void
  ) -> TimerHandle {
    expectCurrent("callAt", file: file, line: line)
    let handle = TimerHandle(when: when, context: .capture(), callback)
    handle.timer = timers.insert(deadline: when.nanoseconds, .call(handle))
    handle.loop = self
    return handle
  }

  /// The deadline of a delay that starts now; `.max` beyond the clock's end.
  package func deadline(after nanoseconds: Int64) -> Int64 {
    let (sum, overflow) = backend.now.addingReportingOverflow(max(0, nanoseconds))
    return overflow ? .max : sum
  }

  func expectCurrent(_ function: StaticString, file: StaticString, line: UInt) {
    require(
      isCurrent, "\(function) was called off the loop's thread; use callSoonThreadsafe there", file: file,
      line: line)
  }

  // MARK: - For the library

  /// Calls back in a turn of this loop with these task-local values, or at once if the loop has ended. Callable from
  /// any thread.
  func callInContext(_ context: TaskContext?, _ callback: @escaping @Sendable () -> Void) {
    let item = ReadyItem(Handle(context: context, callback))
    if isCurrent {
      ready.append(item)
    } else if !enter(item) {
      item.takeHandle().call()
    }
  }

  /// Ends a wait at a given time.
  package func expire(_ id: WaitID, at deadline: Int64) -> TimerID {
    timers.insert(deadline: deadline, .endWait(id))
  }

  /// Cancels the work in a scope at a given time.
  package func expire(_ node: CancelNode, at deadline: Instant) -> TimerID {
    timers.insert(deadline: deadline.nanoseconds, .expire(node))
  }

  package func cancel(_ timer: TimerID) { timers.cancel(timer) }
}
