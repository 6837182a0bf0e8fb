// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// The order in which tasks or futures end: `CompletionState` behind its mutex, and a callback at each that has not
/// ended. When the last reference to this is gone, the callbacks are.
final class Completions: Sendable {
  private let ends: Ends
  private let sources: [any Settling]
  private let tokens: [Int?]
  private let timeout: Duration?
  private let deadline: EventLoop.Instant?

  init(of sources: [any Settling], _ timeout: Duration?) {
    let ends = Ends(count: sources.count)
    self.ends = ends
    self.sources = sources
    self.timeout = timeout
    deadline = timeout.map { EventLoop.current.time.advanced(by: $0) }
    tokens = sources.enumerated().map { index, source in source.whenSettled { ends.end(index) } }
  }

  deinit {
    for (source, token) in zip(sources, tokens) {
      if let token { source.forget(token) }
    }
  }

  /// The index of the next one that ends; nil if none is left.
  nonisolated(nonsending) func next() async throws -> Int? {
    try await EventLoop.spendBudget()
    while true {
      switch ends.next() {
      case .nothing: return nil
      case .index(let index): return index
      case .wait:
        let index = try await waitInLine(WaitReason("wait for the next task that ends"), until: deadline) { [ends] in
          ends.join($0)
        } leave: { [ends] in
          ends.leave($0)
        }
        if let index { return index }
        if let deadline, let timeout, EventLoop.current.time >= deadline {
          throw TimeoutError("asCompleted", after: timeout)
        }
      }
    }
  }
}

/// Apart from `Completions`, since callbacks hold it.
private final class Ends: Sendable {
  private let state: Mutex<CompletionState<Waiter>>

  init(count: Int) { state = Mutex(CompletionState(count: count)) }

  func next() -> CompletionState<Waiter>.Next { state.withLock { $0.next() } }

  func end(_ index: Int) { hand(state.withLock { $0.end(index) }) }

  func join(_ waiter: Waiter) -> CompletionState<Waiter>.Line.Token {
    let (token, granted, isInVain) = state.withLock { $0.join(waiter) }
    if isInVain { _ = waiter.resume() }
    hand(granted)
    return token
  }

  func leave(_ token: CompletionState<Waiter>.Line.Token) -> Int? { state.withLock { $0.leave(token) } }

  private func hand(_ granted: CompletionState<Waiter>.Line.Granted?) {
    var next = granted
    while let granted = next, !granted.waiter.resume() { next = state.withLock { $0.passOver(granted) } }
  }
}
