// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
public import Synchronization

/// `BroadcastState` behind a mutex, held by the broadcast and by its subscriptions. Built like `Handover`: see there.
@usableFromInline final class BroadcastCore<Element: Sendable>: Sendable {
  @usableFromInline typealias State = BroadcastState<Element, LineWait>

  @usableFromInline let state: Mutex<State>

  @inlinable init(lag: Int, policy: SlowConsumerPolicy) { state = Mutex(State(lag: lag, policy: policy)) }

  // MARK: - Send

  /// Returns false if the broadcast is closed.
  @inlinable @inline(__always) nonisolated(nonsending) func send(_ item: Element) async throws -> Bool {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    let end = try await waitInLine {
      send(item, orWait: true)
    } leave: { token in
      state.withLock { $0.leave(token) }
    }
    return end == .sent
  }

  /// Sends the item; without room, begins a wait of the calling task if it may wait.
  @inlinable func send(_ item: Element, orWait mayWait: Bool) -> Attempt<State.SendEnd, State.SenderLine.Token> {
    var effects = State.Effects()
    let attempt: Attempt<State.SendEnd, State.SenderLine.Token> = state.withLock { state in
      switch state.send(item, &effects) {
      case .done: return .done(.sent)
      case .closed: return .done(.closed)
      case .full:
        guard mayWait, let sender = beginToSend() else { return .notNow }
        return .waits(sender, state.waitToSend(item, sender))
      }
    }
    effects.woken.resume()
    return attempt
  }

  @usableFromInline func beginToSend() -> LineWait? { LineWait.begin(WaitReason("send", on: self)) }

  // MARK: - Receive

  /// Returns nil if the broadcast is closed and every item has been received.
  @inlinable @inline(__always) nonisolated(nonsending) func receive(_ index: Int) async throws -> Element? {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    let end = try await waitInLine {
      receive(index, orWait: true)
    } leave: { token in
      state.withLock { $0.leave(index, token) }
    }
    switch end {
    case .item(let item): return item
    case .closed: return nil
    case .tooSlow: throw slowConsumer
    }
  }

  /// Takes an item; without one, begins a wait of the calling task if it may wait.
  @inlinable func receive(
    _ index: Int, orWait mayWait: Bool
  ) -> Attempt<State.ReceiveEnd, State.ReceiverLine.Token> {
    var effects = State.Effects()
    let attempt: Attempt<State.ReceiveEnd, State.ReceiverLine.Token> = state.withLock { state in
      switch state.receive(index, &effects) {
      case .item(let item): return .done(.item(item))
      case .closed: return .done(.closed)
      case .tooSlow: return .done(.tooSlow)
      case .empty:
        guard mayWait, let receiver = beginToReceive(), let token = state.waitToReceive(index, receiver) else {
          return .notNow
        }
        return .waits(receiver, token)
      }
    }
    effects.woken.resume()
    return attempt
  }

  @usableFromInline func beginToReceive() -> LineWait? { LineWait.begin(WaitReason("receive", on: self)) }

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
