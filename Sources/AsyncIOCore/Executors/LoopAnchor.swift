// SPDX-License-Identifier: Apache-2.0

/// The actor of a loop: code isolated to it runs on the loop's thread. With it a call from another thread hops to the
/// loop of a stream or a timer, and back.
package actor LoopAnchor {
  private let executor: LoopSerialExecutor

  init(executor: LoopSerialExecutor) { self.executor = executor }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: executor) }

  /// Runs the body on the loop's thread.
  package func run<Result>(_ body: sending () async throws -> sending Result) async rethrows -> sending Result {
    // This gives the hop something to do on the loop's thread. The compiler removes a hop that is followed by an await
    // at once, even where the callee, as here, relies on its caller for it. The loop is kept alive meanwhile: the
    // executor to return to does not hold it.
    let loop = executor.expectCurrent()
    defer { withExtendedLifetime(loop) {} }
    return try await body()
  }
}

/// Runs the body with the current thread's loop, on the caller's isolation. If the thread has no loop, or might have
/// another one after a wait, runs it on the thread of the current loop.
package nonisolated(nonsending) func onCurrentLoop<Result: Sendable>(
  _ body: @Sendable (EventLoop) async throws -> Result
) async throws -> Result {
  if let loop = EventLoop.onThisThread(for: #isolation) {
    // The body may complete at once, and a caller that repeats it would never give up the loop.
    try await loop.spendBudget()
    return try await body(loop)
  }
  let loop = try EventLoop.currentOrStarted()
  return try await loop.anchor.run { try await body(loop) }
}

extension EventLoop {
  /// Runs the body on this loop's thread: at once if the caller's code runs there and stays there, otherwise after a
  /// hop.
  package nonisolated(nonsending) func here<Result: Sendable>(
    _ body: @Sendable () async throws -> Result
  ) async throws -> Result {
    if isCurrent(for: #isolation) { return try await body() }
    return try await hop(with: ()) { _ in try await body() }
  }

  /// Runs the body on this loop's thread with an object of the loop, for a caller that may be anywhere.
  package func hop<Bound, Result>(
    with bound: Bound, _ body: sending (Bound) async throws -> sending Result
  ) async throws -> sending Result {
    if isClosed { throw EventLoopError.closed }
    let box = UncheckedBox(bound)
    return try await anchor.run {
      guard !self.isClosed else { throw EventLoopError.closed }
      return try await body(box.value)
    }
  }

  /// The object of a service for this loop, made when it is first asked for. On the loop's thread.
  package func attachment<Attachment: AnyObject>(_ make: () -> Attachment) -> Attachment {
    let key = ObjectIdentifier(Attachment.self)
    if let there = attachments[key] as? Attachment { return there }
    let attachment = make()
    attachments[key] = attachment
    return attachment
  }
}

/// Carries a value to code in the isolation that it belongs to, past a check that can't see that.
package struct UncheckedBox<Value>: @unchecked Sendable {
  // Sendable: each use opens it on the thread, or in the isolation, where the value may be used.
  package let value: Value

  package init(_ value: Value) { self.value = value }
}
