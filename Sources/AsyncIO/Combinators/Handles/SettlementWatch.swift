// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// A wait for several tasks or futures: `SettlementWatchState` behind its mutex, and a callback at each that hasn't
/// ended. `stop` withdraws the callbacks.
struct SettlementWatch {
  private let ends: Ends
  private let sources: [any Settling]
  private let tokens: [Int?]

  /// Begins to watch. Sources that have already ended count in their order.
  init(_ sources: [any Settling], until condition: SettlementWatchState<LineWait>.Condition) {
    let ends = Ends(count: sources.count, until: condition)
    self.ends = ends
    self.sources = sources
    tokens = sources.enumerated().map { index, source in
      // Unowned: the source itself holds and calls the callback.
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
    _ = try await waitInLine(until: deadline) { [ends] in
      ends.begin(reason)
    } leave: { [ends] _ in
      ends.leave()
    }
  }

  /// Waits until the condition is met, even if the task is cancelled.
  nonisolated(nonsending) func waitUninterrupted(_ reason: WaitReason) async {
    await waitInLineUninterrupted { [ends] in
      ends.begin(reason)
    } leave: { [ends] _ in
      ends.leave()
    }
  }

  /// The first source without a value, if that ended the wait.
  var withoutValue: (any Settling)? { ends.withoutValue.map { sources[$0] } }
}

private final class Ends: Sendable {
  private let state: Mutex<SettlementWatchState<LineWait>>

  init(count: Int, until condition: SettlementWatchState<LineWait>.Condition) {
    state = Mutex(SettlementWatchState(count: count, until: condition))
  }

  func ended(_ index: Int, _ phase: SettlementPhase) { state.withLock { $0.ended(index, phase) }?.resume() }

  func begin(_ reason: WaitReason) -> Attempt<Void, Void> {
    state.withLock { state in state.isMet ? .done(()) : .wait(reason) { state.join($0) } }
  }

  func leave() -> Void? { state.withLock { $0.leave() } }

  var withoutValue: Int? { state.withLock { $0.withoutValue } }
}

extension Sequence {
  /// The elements in their order, each object once.
  func uniqued(by object: (Element) -> AnyObject) -> [Element] {
    var seen: Set<ObjectIdentifier> = []
    return filter { seen.insert(ObjectIdentifier(object($0))).inserted }
  }
}
