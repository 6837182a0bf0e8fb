// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
public import Synchronization

extension Handover {
  /// Counts one item as done. Ends the process if all were counted already.
  @inlinable func taskDone(file: StaticString, line: UInt) {
    var woken = Few<LineWait.Claim>()
    let isOne = state.withLock { $0.finishOne(&woken) }
    if !isOne { refuseTaskDone(file: file, line: line) }
    woken.resume()
  }

  @usableFromInline func refuseTaskDone(file: StaticString, line: UInt) -> Never {
    fatalError("\(kind.typeName).taskDone: called more often than items were put", file: file, line: line)
  }

  /// Waits until no item is unfinished.
  nonisolated(nonsending) func join() async throws {
    if EventLoop.hasSpentBudget() { try await EventLoop.letOthersRun() }
    try await waitInLine {
      state.withLock { state in
        if state.unfinished == 0 { return .done(()) }
        return .wait(WaitReason("join", on: self)) { state.waitUntilFinished($0) }
      }
    } leave: { token in
      state.withLock { $0.leave(token) }
    }
  }

  /// Refuses further items. Those inside can still be taken, unless they are dropped.
  func close(dropping: Bool = false) {
    var woken = Few<LineWait.Claim>()
    let dropped = state.withLock { state in
      // As in asyncio, tasks that join go on before tasks that wait to put.
      let dropped = dropping ? state.dropItems(&woken) : nil
      state.close(&woken)
      return dropped
    }
    woken.resume()
    // Release the items here, where no mutex is held: their deinit may do anything.
    _ = consume dropped
  }
}

// MARK: - Observation

extension Handover {
  /// The state at one moment, for statistics and descriptions.
  struct Snapshot: Sendable {
    let capacity: Int
    let count: Int
    let peak: Int
    let putters: Int
    let getters: Int
    let totalPut: Int
    let totalGot: Int
    let unfinished: Int
    let isClosed: Bool

    /// `3 items`, or `3 of 8 items` if there is a bound.
    var items: String {
      if capacity == .max { return count == 1 ? "1 item" : "\(count) items" }
      return "\(count) of \(capacity) item\(capacity == 1 ? "" : "s")"
    }
  }

  var snapshot: Snapshot {
    state.withLock { state in
      Snapshot(
        capacity: capacity, count: state.items.count, peak: state.peak, putters: state.putters.count,
        getters: state.getters.count, totalPut: state.totalPut, totalGot: state.totalGot, unfinished: state.unfinished,
        isClosed: state.isClosed)
    }
  }

  @inlinable var count: Int { state.withLock { $0.items.count } }

  @inlinable var isFull: Bool { count >= capacity }

  @inlinable var isClosed: Bool { state.withLock { $0.isClosed } }
}

extension Handover: WaitObject {
  package var waitDescription: String { "a \(kind.typeName) with \(snapshot.items)" }
}
