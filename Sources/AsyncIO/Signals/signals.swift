// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Synchronization

/// Receives signals of the system, from now on, one after the other; anyio's `open_signal_receiver`.
///
/// ```swift
/// createTask {
///   for await signal in signals(.hangup, .user1) {
///     print("received", signal)
///   }
/// }
/// ```
///
/// While a sequence or one of its iterators exists, the signals have no other effect: SIGTERM doesn't end the process,
/// and the run doesn't stop on it. Afterwards the process responds to them as before. A signal that was ignored at the
/// process's start, as SIGHUP is under `nohup`, is received nevertheless, and then ignored again.
///
/// Each call makes a receiver of its own, and a signal goes to all receivers, on any loop. The system merges signals of
/// one kind that come before the process looks at them; so does a receiver. Nothing is lost between two calls of
/// `next`.
///
/// Ctrl-C (`.interrupt`): one that comes before the program has received the one before ends the process at once, with
/// status 130. So a program that is stuck can still be ended from its terminal.
///
/// In virtual time a test sends signals with `sendSignal`; those of the system don't arrive there.
///
/// **Cancellation** of the task ends the sequence, and so the loop. Nothing else does.
///
/// - Parameter signals: At least one. A program can't receive `.kill` and `.stop`, nor those that the processor raises.
public func signals(_ signals: Signal...) -> SignalSequence { SignalSequence(of: Set(signals)) }

/// Receives any of the signals; see `signals(_:)`.
///
/// ```swift
/// let ends: Set<Signal> = [.interrupt, .terminate]
/// for await signal in signals(ends) {
///   print("ends by", signal)
///   break
/// }
/// ```
public func signals(_ signals: Set<Signal>) -> SignalSequence { SignalSequence(of: signals) }

/// Signals in the order in which they come; see `signals(_:)`. Tasks that share a sequence share its signals.
public struct SignalSequence: AsyncSequence, Sendable {
  private let receiver: SignalReceiver

  package init(of signals: Set<Signal>, from center: SignalCenter? = nil) {
    require(!signals.isEmpty, "signals: needs at least one signal to receive")
    receiver = SignalReceiver(signals, from: center, on: EventLoop.current)
  }

  /// Receives one signal after the other.
  public struct Iterator: AsyncIteratorProtocol {
    let receiver: SignalReceiver

    /// Waits for the next signal. Nil if the task is cancelled before one comes.
    public mutating func next() async -> Signal? { await receiver.next() }

    /// Waits for the next signal. Nil if the task is cancelled before one comes.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> Signal? { await receiver.next() }
  }

  public func makeAsyncIterator() -> Iterator { Iterator(receiver: receiver) }
}

/// Keeps a watch for as long as somebody may receive.
final class SignalReceiver: Sendable {
  private let queue: SignalQueue
  private let watch: SignalWatch

  init(_ signals: Set<Signal>, from center: SignalCenter?, on loop: EventLoop) {
    let queue = SignalQueue(signals)
    self.queue = queue
    watch = SignalWatch(signals, as: .receives, from: center, on: loop) { queue.deliver($0) }
  }

  deinit { watch.end() }

  nonisolated(nonsending) func next() async -> Signal? {
    defer { withExtendedLifetime(self) {} }
    return await queue.next()
  }
}

/// The signals that came and were not received, each once, and the tasks that wait for one.
private final class SignalQueue: Sendable, WaitObject {
  private struct State: Sendable {
    var pending: [Signal] = []
    var line = Line<LineWait, Void, Signal>()
  }

  private let state = Mutex(State())
  let waitDescription: String

  init(_ signals: Set<Signal>) {
    waitDescription = signals.sorted { $0.rawValue < $1.rawValue }.map(\.description).joined(separator: ", ")
  }

  func deliver(_ signal: Signal) {
    let claim = state.withLock { state in
      let served = state.line.serveFirst(signal)
      if served == nil && !state.pending.contains(signal) { state.pending.append(signal) }
      return served?.claim
    }
    claim?.resume()
  }

  nonisolated(nonsending) func next() async -> Signal? {
    do {
      try await EventLoop.spendBudget()
      return try await waitInLine {
        state.withLock { state in
          if !state.pending.isEmpty { return .done(state.pending.removeFirst()) }
          return .wait(WaitReason("receive signal", on: self)) { state.line.join($0) }
        }
      } leave: { token in
        state.withLock { $0.line.leave(token) }
      }
    } catch {
      // A wait in line fails by cancellation only.
      return nil
    }
  }
}
