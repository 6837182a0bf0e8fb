// SPDX-License-Identifier: Apache-2.0
// Decides which thread runs the main actor's code. In a program with `EventLoop.run` the main thread does, without a
// lock. In a process that runs tests several loops do, each on its own thread, and so does the platform's main thread:
// they take turns. A thread keeps its turn while it runs anything, and gives it back while it waits. So code that one
// thread awaits from another gets to run. Turns go in the order of requests: a loop that is never idle does not keep
// its turn.

import Glibc
import Synchronization

enum MainActorTurn {
  private struct State {
    /// The thread that has the turn; 0 if no thread has it.
    var owner: UInt = 0
    /// How often that thread has taken it: the main thread may run a job within a job, through a run loop of
    /// Foundation's.
    var depth = 0
    var waiting: [(thread: UInt, latch: ThreadLatch)] = []
  }

  private static let state = Mutex(State())

  private static var thisThread: UInt { UInt(pthread_self()) }

  /// Waits until the turn is free, and takes it.
  static func take() {
    let thread = thisThread
    let latch = state.withLock { state -> ThreadLatch? in
      if state.owner == 0 || state.owner == thread {
        state.owner = thread
        state.depth += 1
        return nil
      }
      let latch = ThreadLatch()
      state.waiting.append((thread, latch))
      return latch
    }
    latch?.wait()
  }

  /// Gives the turn to the next thread in line.
  static func giveBack() {
    let thread = thisThread
    state.withLock { state in
      precondition(state.owner == thread, "the main actor is given back by a thread that does not have it")
      state.depth -= 1
      if state.depth == 0 { Self.handOn(&state) }
    }
  }

  /// Gives the turn to waiting threads, if there are any, and waits to get it back.
  static func offer() {
    let isWanted = state.withLock { !$0.waiting.isEmpty && $0.depth == 1 }
    guard isWanted else { return }
    giveBack()
    take()
  }

  private static func handOn(_ state: inout State) {
    guard !state.waiting.isEmpty else { return state.owner = 0 }
    let next = state.waiting.removeFirst()
    state.owner = next.thread
    state.depth = 1
    next.latch.open()
  }
}

extension EventLoop {
  /// Whether the main actor's jobs can run here. On the main loop they can. A loop that may take the main actor takes
  /// it now, and waits if another thread has it. On the loop's thread.
  func takeMainActor() -> Bool {
    if hasMainActor { return true }
    guard keepsTasks else { return false }
    MainActorTurn.take()
    hasMainActor = true
    takesTurns = true
    return true
  }

  /// Lets the loops of tests have the main actor while this thread waits. For the main loop, before the first of those
  /// loops starts. On the loop's thread.
  func shareMainActor() {
    guard isMain, !takesTurns else { return }
    MainActorTurn.take()
    takesTurns = true
  }

  /// Gives the main actor back at the loop's end; the loop runs nothing afterwards.
  func leaveMainActor() {
    guard takesTurns else { return }
    takesTurns = false
    MainActorTurn.giveBack()
  }

  /// Gives the turn back: the loop's thread is about to wait in the kernel, and runs nothing until `hasWaited`.
  @inline(__always)
  package func willWait() {
    if takesTurns { MainActorTurn.giveBack() }
  }

  @inline(__always)
  package func hasWaited() {
    if takesTurns { MainActorTurn.take() }
  }

  /// Offers the main actor to other threads, between two jobs of a busy loop.
  @inline(__always)
  package func offerMainActor() {
    if takesTurns { MainActorTurn.offer() }
  }
}

extension EventLoop {
  /// Makes sure that loops which keep their tasks can run the main actor. Call it before such a loop starts.
  ///
  /// - Throws: `EventLoopError.mainActorUnavailable`.
  package nonisolated(nonsending) static func prepareForLoopsWithMainActor() async throws {
    try ExecutorInstallation.ensureSharedMain()
    guard let main = MainLoop.running else { return }
    if main.isCurrent { main.shareMainActor() } else { await main.anchor.run { main.shareMainActor() } }
  }
}
