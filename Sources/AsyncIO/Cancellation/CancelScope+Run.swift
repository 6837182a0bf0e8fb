// SPDX-License-Identifier: Apache-2.0
// Code in a scope runs in a task of its own, for two reasons. Swift's cancellation of a task reaches everything within,
// the standard library and foreign packages included. And it cannot be withdrawn from a task that is to go on
// afterwards. The task starts within the call, in the caller's isolation, so a body that doesn't suspend costs no turn
// of the loop.
//
// The body is not escaping: the caller waits for it in every case. On the main loop `ScopeNode.start` creates the task,
// and the task calls the body where it is. Elsewhere Swift creates it, and takes only an escaping closure.
// `withoutActuallyEscaping` makes one, and checks at the end that nothing has kept it. So the task must not hold it:
// the runtime releases a task a moment after its end, on its own thread. The task gets the closure's two words without
// a reference, and makes a closure of them for the duration of the call.
//
// Only the generic part is inlined into the caller, and it is small. Each layer of async functions allocates a frame,
// and each generic layer looks up its types.
//
// Benchmark: timeout.

import AsyncIOCore

extension CancelScope {
  /// Runs the body in this scope, under its timer, and waits for its end. If shielded, the caller's cancellation does
  /// not reach it.
  @usableFromInline
  nonisolated(nonsending) func run(shielded: Bool = false, _ body: nonisolated(nonsending) () async -> Void) async {
    begin(shielded: shielded)
    if node.start(body, isolation: #isolation, on: loop) {
      if node.settlement.phase == .pending { await waitForEnd(shielded: shielded) }
    } else {
      await runInSwiftTask(shielded: shielded, isolation: #isolation, body)
    }
    finish(shielded: shielded)
  }

  private func begin(shielded: Bool) {
    if let deadline { setTimer(deadline, at: start) }
    // A new task doesn't inherit the cancellation of its creator.
    if !shielded && CancelNode.isCallerCancelled { node.forwardCancellation() }
    if shielded { loop.countShieldedBody(1) }
  }

  private func finish(shielded: Bool) {
    if shielded { loop.countShieldedBody(-1) }
    if hasDeadline { removeTimer() }
  }

  /// Runs the body in a task that Swift starts.
  private func runInSwiftTask(
    shielded: Bool, isolation: isolated (any Actor)?, _ body: nonisolated(nonsending) () async -> Void
  ) async {
    await withoutActuallyEscaping(body) { body in
      let call = BorrowedCall(body)
      let outside = around
      // A shielded body has no link outwards to find the task that it belongs to.
      let owner = shielded ? outside?.owner : nil
      // The debug mode's watchdog knows a body that stalls before its first wait only by this name.
      let name = loop.namesTasks ? outside?.owner?.name ?? Task.name : nil
      let task = loop.spawnImmediately(name: name, isolation: isolation) {
        _ = isolation
        self.node.begin(owner: owner)
        await call()
        self.node.finish()
      }
      if node.settlement.phase == .pending {
        node.attach(SwiftTask(task))
        await waitForEnd(shielded: shielded)
      }
    }
  }

  private nonisolated(nonsending) func waitForEnd(shielded: Bool) async {
    around?.innerBegins(node)
    defer { around?.innerEnded() }
    if shielded { return await node.settlement.waitUninterrupted(WaitReason("run shielded")) }
    do {
      try await node.settlement.wait(WaitReason("run in a scope"))
    } catch {
      node.forwardCancellation()
      await node.settlement.waitUninterrupted(WaitReason("end a cancelled scope"))
    }
  }
}

/// A closure without a reference to it. Its maker keeps the closure until the call is over.
private struct BorrowedCall: @unchecked Sendable {
  // Sendable: it is called once, in the isolation of its maker.

  /// In a struct a closure keeps its form. A bare closure would be wrapped when handed to a generic function, and the
  /// words would be those of a wrapper that nothing keeps.
  private struct Closure {
    let body: nonisolated(nonsending) () async -> Void
  }

  private let words: (UInt, UInt)

  init(_ body: nonisolated(nonsending) @escaping () async -> Void) {
    // Safety: a closure is two words, the function and its context (ABI).
    words = unsafe unsafeBitCast(Closure(body: body), to: (UInt, UInt).self)
  }

  /// Calls the closure. The call's own reference is released when this returns.
  @inline(__always)
  nonisolated(nonsending) func callAsFunction() async {
    // Safety: these are the words of a closure that its owner keeps.
    let closure = unsafe unsafeBitCast(words, to: Closure.self)
    await closure.body()
    _ = consume closure
  }
}

/// Runs the body and catches its errors, except its cancellation, which it throws on.
///
/// ```swift
/// for url in urls {
///   if case .failure(let error) = try await catchingNonCancellation({ try await fetch(url) }) {
///     print(url, error)
///   }
/// }
/// ```
///
/// A plain `catch` also catches a `CancellationError`, and a loop around it goes on although it should end.
///
/// - Throws: `CancellationError` if the body threw it, or if the task was cancelled and the body threw any error.
public nonisolated(nonsending) func catchingNonCancellation<Value>(
  _ body: nonisolated(nonsending) () async throws -> Value
) async throws -> Result<Value, any Error> {
  do {
    return .success(try await body())
  } catch let error as CancellationError {
    throw error
  } catch {
    try Task.checkCancellation()
    return .failure(error)
  }
}
