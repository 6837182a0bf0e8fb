// SPDX-License-Identifier: Apache-2.0
// The code of a scope runs in a task of its own; see CancelScope+Run for the reasons. This is the fast way to start it,
// by `body.c` in CSwiftRuntime. It serves the main actor's code, and code outside of actors on the main loop: there the
// task needs no executor of its own. Loops that name their tasks, or keep them, use `Task.immediate`.

import CSwiftRuntime

@_silgen_name("asyncio_words_of_closure")
private func words(of body: nonisolated(nonsending) () async -> Void) -> asyncio_words

extension ScopeNode {
  /// Calls the body in a task of its own, up to the first suspension. The body has to live until its end, which
  /// `settlement` tells. Returns false, and does nothing, where that isn't possible.
  package func start(
    _ body: nonisolated(nonsending) () async -> Void, isolation: (any Actor)?, on loop: EventLoop
  ) -> Bool {
    guard let kind = loop.kindOfBody(isolation: isolation), ScopeNode.functionsAreSet else { return false }
    let words = words(of: body)
    // Safety: an optional actor is two words, the object and how it conforms (ABI).
    let actor = unsafe unsafeBitCast(isolation, to: (UInt, UInt).self)
    let call = unsafe asyncio_body(
      function: words.first, closure: words.second, actor: actor, object: Unmanaged.passUnretained(self).toOpaque())
    let type = unsafe unsafeBitCast(Void.self as Any.Type, to: UnsafeRawPointer.self)
    let task = unsafe asyncio_create_task_of_body(call, type)
    loop.runWithin(unsafe ReadyItem(ofTask: task, kind))
    return true
  }

  /// Begins the body, in its task.
  package func begin(owner: AnyTaskHandle?) {
    if let task = SwiftTask() { attach(task, owner: owner) }
    bind()
  }

  /// Ends the body, in its task.
  package func finish() {
    CancelNode.unbind()
    end()
    settlement.finish(.succeeded)
  }

  /// A shielded body has no link outwards to find the task that it belongs to.
  private var outerOwner: AnyTaskHandle? { parent == nil ? CancelNode.current?.owner : nil }

  private static let functionsAreSet: Bool = {
    unsafe asyncio_set_body_functions(
      { node in
        // Safety: the scope holds its node, and the code that started the body holds the scope.
        unsafe Unmanaged<ScopeNode>.fromOpaque(node)._withUnsafeGuaranteedRef { $0.begin(owner: $0.outerOwner) }
      },
      { node in unsafe Unmanaged<ScopeNode>.fromOpaque(node)._withUnsafeGuaranteedRef { $0.finish() } })
    return true
  }()
}

extension EventLoop {
  /// How to run the task of a body with this isolation; nil if it needs an executor of its own, or a name.
  fileprivate func kindOfBody(isolation: (any Actor)?) -> ReadyKind? {
    guard isMain, isCurrent, !keepsTasks, !namesTasks else { return nil }
    guard let isolation else { return .routed }
    return isolation === MainActor.shared ? .main : nil
  }

  /// Runs a job within the running one.
  func runWithin(_ item: ReadyItem) {
    let (kind, job) = (runningKind, runningJob)
    (runningKind, runningJob) = (item.kind, item.word)
    switch item.kind {
    case .main: unsafe item.job.runSynchronously(on: unownedMain)
    default: unsafe item.job.runSynchronously(on: unownedRouter)
    }
    (runningKind, runningJob) = (kind, job)
  }
}
