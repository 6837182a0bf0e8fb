// SPDX-License-Identifier: Apache-2.0
// What can be done at once is done in one section of the mutex and without an asynchronous call: `put` and `get` become
// part of their callers, and only a wait suspends. It begins in the section that found no room or no item.

public import AsyncIOCore
public import Synchronization

/// What the queues and the channel have in common: `HandoverState` behind a mutex. They differ in what they keep their
/// items in, and in the words that they have for it.
@usableFromInline final class Handover<Items: ItemStorage>: Sendable {
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

  @usableFromInline enum Put: Sendable { case done, waiting(LineWait, State.PutterLine.Token), full, closed }

  /// False if it is closed. What can be put at once is put even by a cancelled task.
  @inlinable @inline(__always) nonisolated(nonsending) func put(_ item: Element) async throws -> Bool {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    switch put(item, orWait: true) {
    case .done: return true
    case .waiting(let putter, let token):
      await putter.wait()
      guard let end = state.withLock({ $0.leave(token) }) else { throw putter.cancellation }
      return end == .put
    case .full: return try await putOnLoop(item)
    case .closed: return false
    }
  }

  /// False if it is closed, nil if it is full.
  @inlinable func tryPut(_ item: Element) -> Bool? {
    switch put(item, orWait: false) {
    case .done: true
    case .full, .waiting: nil
    case .closed: false
    }
  }

  /// Puts the item, or lets the calling task begin to wait, if it may and runs on a loop.
  @inlinable func put(_ item: Element, orWait mayWait: Bool) -> Put {
    var getter: LineWait.Claim?
    let put: Put = state.withLock { state in
      switch state.put(item) {
      case .done(let next):
        getter = next
        return .done
      case .closed: return .closed
      case .full:
        guard mayWait, let putter = beginToPut() else { return .full }
        return .waiting(putter, state.waitToPut(item, putter))
      }
    }
    getter?.resume()
    return put
  }

  @usableFromInline func beginToPut() -> LineWait? { LineWait.begin(WaitReason(kind.nameOfPut, on: self)) }

  /// For a thread without a loop.
  @usableFromInline nonisolated(nonsending) func putOnLoop(_ item: Element) async throws -> Bool {
    try await EventLoop.currentOrStarted().anchor.run { try await self.put(item) }
  }

  // MARK: - Get

  @usableFromInline enum Get: Sendable { case item(Element), waiting(LineWait, State.GetterLine.Token), empty, closed }

  /// Nil if it is closed and nothing is left. What is there is given even to a cancelled task.
  @inlinable @inline(__always) nonisolated(nonsending) func get() async throws -> Element? {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    switch get(orWait: true) {
    case .item(let item): return item
    case .waiting(let getter, let token):
      await getter.wait()
      guard let end = state.withLock({ $0.leave(token) }) else { throw getter.cancellation }
      guard case .item(let item) = end else { return nil }
      return item
    case .empty: return try await getOnLoop()
    case .closed: return nil
    }
  }

  /// Nil if it is empty.
  @inlinable func tryGet() -> State.GetEnd? {
    switch get(orWait: false) {
    case .item(let item): .item(item)
    case .empty, .waiting: nil
    case .closed: .closed
    }
  }

  /// Takes an item, or lets the calling task begin to wait, if it may and runs on a loop.
  @inlinable func get(orWait mayWait: Bool) -> Get {
    var putter: LineWait.Claim?
    let get: Get = state.withLock { state in
      switch state.get() {
      case .item(let item, let next):
        putter = next
        return .item(item)
      case .closed: return .closed
      case .empty:
        guard mayWait, let getter = beginToGet() else { return .empty }
        return .waiting(getter, state.waitToGet(getter))
      }
    }
    putter?.resume()
    return get
  }

  @usableFromInline func beginToGet() -> LineWait? { LineWait.begin(WaitReason(kind.nameOfGet, on: self)) }

  @usableFromInline nonisolated(nonsending) func getOnLoop() async throws -> Element? {
    try await EventLoop.currentOrStarted().anchor.run { try await self.get() }
  }
}
