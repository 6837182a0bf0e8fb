// SPDX-License-Identifier: Apache-2.0
// Code in a scope runs in a task of its own, since a cancellation of Swift's reaches everything within, the standard
// library and foreign packages included, and since it cannot be withdrawn from a task that is to go on afterwards. The
// task starts within the call, in the caller's isolation, so that a body that doesn't suspend costs no turn of the loop.
//
// The body is not escaping, since whoever calls waits for it, come what may. But a task takes only closures that escape.
// `withoutActuallyEscaping` makes one, and checks in the end that nobody has kept it. The task must not hold it then,
// and a task is released by its runtime a moment after it has ended, on its own thread. So it is given the closure's
// two words without a reference, and makes a closure of them for as long as the call lasts.
//
// What is generic is inlined into the caller, and is little: a layer of async functions is a frame to allocate, and a
// layer of generic ones looks up its types.

import AsyncIOCore

extension CancelScope {
  /// Runs the body in this scope, under its timer, and waits for its end. Shielded, the caller's cancellation does not
  /// reach it.
  @usableFromInline
  func run(shielded: Bool = false, isolation: isolated (any Actor)?, _ body: () async -> Void) async {
    if let deadline { setTimer(deadline, at: start) }
    // A new task is not cancelled because its creator is.
    if !shielded && Task.isCancelled { node.forwardCancellation() }
    if shielded { loop.countShieldedBody(1) }
    await withoutActuallyEscaping(body) { body in
      let call = BorrowedCall(body)
      let outside = around
      // A shielded body has no link outwards by which to find the task that it belongs to.
      let owner = shielded ? outside?.owner : nil
      // The watchdog of the debug mode finds a body that stalls before its first wait by this name alone.
      let name = loop.namesTasks ? outside?.owner?.name ?? Task.name : nil
      let task = loop.spawnImmediately(name: name, isolation: isolation) {
        _ = isolation
        if let own = SwiftTask() { self.node.attach(own, owner: owner) }
        self.node.bind()
        await call()
        CancelNode.unbind()
        self.node.end()
        self.settlement.finish(.succeeded)
      }
      if settlement.phase == .pending {
        node.attach(SwiftTask(task))
        outside?.innerBegins(node)
        await waitForEnd(shielded: shielded)
        outside?.innerEnded()
      }
    }
    if shielded { loop.countShieldedBody(-1) }
    if hasDeadline { removeTimer() }
  }

  private nonisolated(nonsending) func waitForEnd(shielded: Bool) async {
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
private struct BorrowedCall: @unchecked Sendable {
  // Sendable: it is called once, in the isolation of whoever made it.

  /// In a struct a closure keeps its form. By itself it would be wrapped where it is handed to a generic function, and
  /// the words would be those of a wrapper that nobody keeps.
  private struct Closure {
    let body: () async -> Void
  }

  private let words: (UInt, UInt)

  init(_ body: @escaping () async -> Void) {
    // Safety: a closure is two words, the function and its context (ABI).
    words = unsafeBitCast(Closure(body: body), to: (UInt, UInt).self)
  }

  /// Calls it. The reference that the call takes has been given back when this returns.
  @inline(__always)
  func callAsFunction() async {
    // Safety: these are the words of a closure that its owner keeps.
    let closure = unsafeBitCast(words, to: Closure.self)
    await closure.body()
    _ = consume closure
  }
}
