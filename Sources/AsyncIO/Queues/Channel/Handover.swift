// SPDX-License-Identifier: Apache-2.0
// `put` and `get` do what they can at once in one section of the mutex, inlined into their callers and without an
// asynchronous call. Only a wait suspends. It begins in the section that found no room or no item.
//
// Benchmark: queue.

public import AsyncIOCore
public import Synchronization

/// The common part of the queues and the channel: `HandoverState` behind a mutex. They differ in their storage and in
/// their words.
@usableFromInline final class Handover<Items: QueueOrder>: Sendable {
  @usableFromInline typealias Element = Items.Element
  @usableFromInline typealias State = HandoverState<Items, LineWait>

  @usableFromInline let kind: HandoverKind
  /// The most items that it holds; `Int.max` for any number.
  @usableFromInline let capacity: Int
  @usableFromInline let state: Mutex<State>

  /// - Parameter size: The bound that the user gave.
  @inlinable init(_ kind: HandoverKind, size: Int, file: StaticString, line: UInt) {
    self.kind = kind
    capacity = kind.capacity(size, file: file, line: line)
    state = Mutex(State(capacity: capacity))
  }

  // MARK: - Put

  /// Returns false if it is closed. If there is room, even a cancelled task puts.
  @inlinable @inline(__always) nonisolated(nonsending) func put(_ item: Element) async throws -> Bool {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    let end = try await waitInLine {
      put(item, orWait: true)
    } leave: { token in
      state.withLock { $0.leave(token) }
    }
    return end == .put
  }

  /// Returns false if it is closed, nil if it is full.
  @inlinable func tryPut(_ item: Element) -> Bool? {
    guard case .done(let end) = put(item, orWait: false) else { return nil }
    return end == .put
  }

  /// Puts the item; without room, begins a wait of the calling task if it may wait.
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

  /// Returns nil if it is closed and empty. An available item is given even to a cancelled task.
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

  /// Returns nil if it is empty.
  @inlinable func tryGet() -> State.GetEnd? {
    guard case .done(let end) = get(orWait: false) else { return nil }
    return end
  }

  /// Takes an item; without one, begins a wait of the calling task if it may wait.
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
