// SPDX-License-Identifier: Apache-2.0
// What can be done at once is done in one section of the mutex and without an asynchronous call: `put` and `get` become
// part of their callers, and only a wait suspends. It begins in the section that found no room or no item.

public import AsyncIOCore
public import Synchronization

/// What the queues and the channel have in common: `HandoverState` behind a mutex. They differ in what they keep their
/// items in, and in the words that they have for it.
@usableFromInline final class Handover<Items: QueueOrder>: Sendable {
  @usableFromInline typealias Element = Items.Element
  @usableFromInline typealias State = HandoverState<Items, LineWait>

  @usableFromInline let kind: HandoverKind
  /// How many items it holds; `Int.max` for any number.
  @usableFromInline let capacity: Int
  @usableFromInline let state: Mutex<State>

  /// - Parameter size: What the user has said of how many items it holds.
  @inlinable init(_ kind: HandoverKind, size: Int, file: StaticString, line: UInt) {
    self.kind = kind
    capacity = kind.capacity(size, file: file, line: line)
    state = Mutex(State(capacity: capacity))
  }

  // MARK: - Put

  /// False if it is closed. What can be put at once is put even by a cancelled task.
  @inlinable @inline(__always) nonisolated(nonsending) func put(_ item: Element) async throws -> Bool {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    let end = try await waitInLine {
      put(item, orWait: true)
    } leave: { token in
      state.withLock { $0.leave(token) }
    }
    return end == .put
  }

  /// False if it is closed, nil if it is full.
  @inlinable func tryPut(_ item: Element) -> Bool? {
    guard case .done(let end) = put(item, orWait: false) else { return nil }
    return end == .put
  }

  /// Puts the item, or lets the calling task begin to wait, if it may.
  @inlinable func put(_ item: Element, orWait mayWait: Bool) -> Attempt<State.PutEnd, State.PutterLine.Token> {
    var getter: LineWait.Claim?
    let attempt: Attempt<State.PutEnd, State.PutterLine.Token> = state.withLock { state in
      switch state.put(item) {
      case .done(let next):
        getter = next
        return .done(.put)
      case .closed: return .done(.closed)
      case .full:
        guard mayWait, let putter = beginToPut() else { return .notNow }
        return .waits(putter, state.waitToPut(item, putter))
      }
    }
    getter?.resume()
    return attempt
  }

  @usableFromInline func beginToPut() -> LineWait? { LineWait.begin(WaitReason(kind.nameOfPut, on: self)) }

  // MARK: - Get

  /// Nil if it is closed and nothing is left. What is there is given even to a cancelled task.
  @inlinable @inline(__always) nonisolated(nonsending) func get() async throws -> Element? {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    let end = try await waitInLine {
      get(orWait: true)
    } leave: { token in
      state.withLock { $0.leave(token) }
    }
    guard case .item(let item) = end else { return nil }
    return item
  }

  /// Nil if it is empty.
  @inlinable func tryGet() -> State.GetEnd? {
    guard case .done(let end) = get(orWait: false) else { return nil }
    return end
  }

  /// Takes an item, or lets the calling task begin to wait, if it may.
  @inlinable func get(orWait mayWait: Bool) -> Attempt<State.GetEnd, State.GetterLine.Token> {
    var putter: LineWait.Claim?
    let attempt: Attempt<State.GetEnd, State.GetterLine.Token> = state.withLock { state in
      switch state.get() {
      case .item(let item, let next):
        putter = next
        return .done(.item(item))
      case .closed: return .done(.closed)
      case .empty:
        guard mayWait, let getter = beginToGet() else { return .notNow }
        return .waits(getter, state.waitToGet(getter))
      }
    }
    putter?.resume()
    return attempt
  }

  @usableFromInline func beginToGet() -> LineWait? { LineWait.begin(WaitReason(kind.nameOfGet, on: self)) }
}
