// SPDX-License-Identifier: Apache-2.0
// Code in a scope runs in a task of its own, since a cancellation of Swift's reaches everything within, the standard
// library and foreign packages included, and since it cannot be withdrawn from a task that is to go on afterwards. The
// task starts within the call, in the caller's isolation, so that a body that doesn't suspend costs no turn of the loop.
//
// The body is not escaping, since whoever calls waits for it, come what may. But a task takes only closures that escape.
// `withoutActuallyEscaping` makes one, and checks in the end that nobody has kept it. The task must not hold it then,
// and a task is released by its runtime a moment after it has ended, on its own thread. So it is given the closure's
// two words without a reference, and makes a closure of them for as long as the call lasts.

import AsyncIOCore

extension CancelScope {
  /// Runs the body in this scope and returns what it came to. Shielded, the caller's cancellation does not reach it.
  func run<Value>(
    shielded: Bool = false, isolation: isolated (any Actor)?, _ body: () async throws -> Value
  ) async -> Result<Value, any Error> {
    let child = ScopedTask<Value>()
    await withoutActuallyEscaping(body) { body in
      await child.run(on: loop, in: node, shielded: shielded, isolation: isolation, body)
    }
    return child.outcome!
  }
}

private final class ScopedTask<Value>: @unchecked Sendable {
  // Sendable: `outcome` is written by the task before it settles, and read after that.
  var outcome: Result<Value, any Error>?
  private let settlement = Settlement()

  func run(
    on loop: EventLoop, in node: CancelNode, shielded: Bool, isolation: isolated (any Actor)?,
    _ body: @escaping () async throws -> Value
  ) async {
    let call = BorrowedCall(body)
    let outside = CancelNode.current
    outside?.innerBegins(node)
    defer { outside?.innerEnded() }
    // A shielded body has no link outwards by which to find the task that it belongs to.
    let owner = shielded ? outside?.owner : nil
    let task = loop.spawn(immediately: true, isolation: isolation) {
      if let task = SwiftTask() { node.attach(task, owner: owner) }
      let outcome = await CancelNode.$current.withValue(node) { await call.result() }
      node.end()
      self.settlement.finish(outcome.phase) { self.outcome = outcome }
    }
    if settlement.phase != .pending { return }
    node.attach(SwiftTask(task))
    if shielded { return await settlement.waitUninterrupted(WaitReason("run shielded")) }
    do {
      try await settlement.wait(WaitReason("run in a scope"))
    } catch {
      node.forwardCancellation()
      await settlement.waitUninterrupted(WaitReason("end a cancelled scope"))
    }
  }
}

/// A closure without a reference to it: whoever made this keeps the closure until the call is over.
private struct BorrowedCall<Value>: @unchecked Sendable {
  // Sendable: it is called once, in the isolation of whoever made it.
  private typealias Body = () async throws -> Value
  private let words: (UInt, UInt)

  init(_ body: @escaping () async throws -> Value) {
    // Safety: a closure is two words, the function and its context (ABI).
    words = unsafeBitCast(body, to: (UInt, UInt).self)
  }

  /// Calls it. Never inlined, so that the reference which the call takes has been given back when this returns.
  @inline(never)
  func result() async -> Result<Value, any Error> {
    // Safety: these are the words of a closure that its owner keeps.
    let body = unsafeBitCast(words, to: Body.self)
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
