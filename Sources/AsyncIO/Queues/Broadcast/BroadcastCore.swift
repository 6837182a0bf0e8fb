// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
public import Synchronization

/// `BroadcastState` behind a mutex, held by the broadcast and by its subscriptions. See `Handover`, which is built alike.
@usableFromInline final class BroadcastCore<Element: Sendable>: Sendable {
  @usableFromInline typealias State = BroadcastState<Element, LineWait>

  @usableFromInline let state: Mutex<State>

  @inlinable init(lag: Int, policy: SlowConsumerPolicy) { state = Mutex(State(lag: lag, policy: policy)) }

  // MARK: - Send

  @usableFromInline enum Send: Sendable { case done, waiting(LineWait, State.SenderLine.Token), full, closed }

  /// False if it is closed.
  @inlinable @inline(__always) nonisolated(nonsending) func send(_ item: Element) async throws -> Bool {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    switch send(item, orWait: true) {
    case .done: return true
    case .waiting(let sender, let token):
      await sender.wait()
      guard let end = state.withLock({ $0.leave(token) }) else { throw sender.cancellation }
      return end == .sent
    case .full: return try await sendOnLoop(item)
    case .closed: return false
    }
  }

  /// Sends the item, or lets the calling task begin to wait, if it may and runs on a loop.
  @inlinable func send(_ item: Element, orWait mayWait: Bool) -> Send {
    var effects = State.Effects()
    let send: Send = state.withLock { state in
      switch state.send(item, &effects) {
      case .done: return .done
      case .closed: return .closed
      case .full:
        guard mayWait, let sender = beginToSend() else { return .full }
        return .waiting(sender, state.waitToSend(item, sender))
      }
    }
    effects.woken.resume()
    return send
  }

  @usableFromInline func beginToSend() -> LineWait? { LineWait.begin(WaitReason("send", on: self)) }

  /// For a thread without a loop.
  @usableFromInline nonisolated(nonsending) func sendOnLoop(_ item: Element) async throws -> Bool {
    try await EventLoop.currentOrStarted().anchor.run { try await self.send(item) }
  }

  // MARK: - Receive

  @usableFromInline enum Receive: Sendable {
    case item(Element), waiting(LineWait, State.ReceiverLine.Token), empty, closed, tooSlow
  }

  /// Nil if it is closed and nothing is left.
  @inlinable @inline(__always) nonisolated(nonsending) func receive(_ index: Int) async throws -> Element? {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    switch receive(index, orWait: true) {
    case .item(let item): return item
    case .waiting(let receiver, let token):
      await receiver.wait()
      guard let end = state.withLock({ $0.leave(index, token) }) else { throw receiver.cancellation }
      guard case .item(let item) = end else { return nil }
      return item
    case .empty: return try await receiveOnLoop(index)
    case .closed: return nil
    case .tooSlow: throw slowConsumer
    }
  }

  /// Takes an item, or lets the calling task begin to wait, if it may and runs on a loop.
  @inlinable func receive(_ index: Int, orWait mayWait: Bool) -> Receive {
    var effects = State.Effects()
    let receive: Receive = state.withLock { state in
      switch state.receive(index, &effects) {
      case .item(let item): return .item(item)
      case .closed: return .closed
      case .tooSlow: return .tooSlow
      case .empty:
        guard mayWait, let receiver = beginToReceive(), let token = state.waitToReceive(index, receiver) else {
          return .empty
        }
        return .waiting(receiver, token)
      }
    }
    effects.woken.resume()
    return receive
  }

  @usableFromInline func beginToReceive() -> LineWait? { LineWait.begin(WaitReason("receive", on: self)) }

  @usableFromInline nonisolated(nonsending) func receiveOnLoop(_ index: Int) async throws -> Element? {
    try await EventLoop.currentOrStarted().anchor.run { try await self.receive(index) }
  }

  @usableFromInline var slowConsumer: SlowConsumer { SlowConsumer(lag: state.withLock { $0.lag }) }

  // MARK: - Coming and going

  func unsubscribe(_ index: Int) {
    var effects = State.Effects()
    state.withLock { $0.unsubscribe(index, &effects) }
    effects.woken.resume()
  }

  func close() {
    var effects = State.Effects()
    state.withLock { $0.close(&effects) }
    effects.woken.resume()
  }
}

extension BroadcastCore: WaitObject {
  package var waitDescription: String {
    let count = state.withLock { $0.subscriberCount }
    return "a broadcast to \(count) subscriber\(count == 1 ? "" : "s")"
  }
}
