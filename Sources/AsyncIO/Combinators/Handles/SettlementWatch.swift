// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// A wait for several tasks or futures: `SettlementWatchState` behind its mutex, and the callbacks at those that have not ended,
/// which `stop` takes back.
struct SettlementWatch {
  private let ends: Ends
  private let sources: [any Settling]
  private let tokens: [Int?]

  /// Begins to watch. Those that have ended count in their order.
  init(_ sources: [any Settling], until condition: SettlementWatchState<Waiter>.Condition) {
    let ends = Ends(count: sources.count, until: condition)
    self.ends = ends
    self.sources = sources
    tokens = sources.enumerated().map { index, source in
      // Unowned: the callback is the source's own, called by it.
      source.whenSettled { [unowned source] in ends.ended(index, source.phase) }
    }
  }

  func stop() {
    for (source, token) in zip(sources, tokens) {
      if let token { source.forget(token) }
    }
  }

  /// Waits until the condition is met or the time has come.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before.
  nonisolated(nonsending) func wait(_ reason: WaitReason, until deadline: EventLoop.Instant? = nil) async throws {
    if ends.isMet { return }
    _ = try await waitInLine(reason, until: deadline) { [ends] waiter in
      ends.join(waiter)
    } leave: { [ends] _ in
      ends.leave() ? true : nil
    }
  }

  /// Waits until the condition is met, whatever happens to the task.
  nonisolated(nonsending) func waitUninterrupted(_ reason: WaitReason) async {
    await waitInLineUninterrupted(reason) { [ends] waiter in
      ends.join(waiter)
    } leave: { [ends] _ in
      _ = ends.leave()
    }
  }

  /// The first that had no value to give, where that ends the wait.
  var withoutValue: (any Settling)? { ends.withoutValue.map { sources[$0] } }
}

private final class Ends: Sendable {
  private let state: Mutex<SettlementWatchState<Waiter>>

  init(count: Int, until condition: SettlementWatchState<Waiter>.Condition) {
    state = Mutex(SettlementWatchState(count: count, until: condition))
  }

  func ended(_ index: Int, _ phase: SettlementPhase) {
    let waiter = state.withLock { $0.ended(index, phase) }
    _ = waiter?.resume()
  }

  func join(_ waiter: Waiter) -> Bool {
    let hasToWait = state.withLock { $0.join(waiter) }
    if !hasToWait { _ = waiter.resume() }
    return hasToWait
  }

  func leave() -> Bool { state.withLock { $0.leave() } }

  var isMet: Bool { state.withLock { $0.isMet } }

  var withoutValue: Int? { state.withLock { $0.withoutValue } }
}

extension Sequence {
  /// The elements in their order, each object once.
  func uniqued(by object: (Element) -> AnyObject) -> [Element] {
    var seen: Set<ObjectIdentifier> = []
    return filter { seen.insert(ObjectIdentifier(object($0))).inserted }
  }
}
