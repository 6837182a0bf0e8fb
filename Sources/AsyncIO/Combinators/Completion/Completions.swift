// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// The order in which tasks or futures end: `CompletionState` behind its mutex, with a callback at each that hasn't
/// ended. The callbacks go with the last reference to this.
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

  /// The index of the next one that ends; nil if all were handed out.
  nonisolated(nonsending) func next() async throws -> Int? {
    try await EventLoop.spendBudget()
    let outcome = try await waitInLine(until: deadline) { [ends] in
      ends.next()
    } leave: { [ends] token in
      ends.leave(token).map { .some($0) }
    }
    if let outcome { return outcome }
    throw TimeoutError("asCompleted", after: timeout!)
  }
}

/// Separate from `Completions`, since callbacks hold it.
private final class Ends: Sendable {
  typealias State = CompletionState<LineWait>

  private let state: Mutex<State>

  init(count: Int) { state = Mutex(State(count: count)) }

  func next() -> Attempt<Int?, State.Line.Token> {
    state.withLock { state in
      switch state.next() {
      case .index(let index): .done(index)
      case .nothing: .done(nil)
      case .wait: .wait(WaitReason("wait for the next task that ends")) { state.join($0) }
      }
    }
  }

  func end(_ index: Int) { state.withLock { $0.end(index) }?.resume() }

  func leave(_ token: State.Line.Token) -> Int? { state.withLock { $0.leave(token) } }
}
