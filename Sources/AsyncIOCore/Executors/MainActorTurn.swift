// SPDX-License-Identifier: Apache-2.0
// Whose thread runs the main actor's code. In a program of `EventLoop.run` that is the main thread's and needs no lock.
// In a process that runs tests, several loops run it, each on its own thread, and the platform's main thread as well:
// they take turns. A thread keeps its turn while it runs anything at all, and gives it back while it waits, so what one
// of them awaits from another comes. First come, first served: a loop that is never idle does not keep it.

import Glibc
import Synchronization

enum MainActorTurn {
  private struct State {
    /// The thread whose turn it is; 0 if nobody's is.
    var owner: UInt = 0
    /// How often that thread has taken it: the main thread may run a job within a job, by a run loop of Foundation's.
    var depth = 0
    var waiting: [(thread: UInt, latch: ThreadLatch)] = []
  }

  private static let state = Mutex(State())

  private static var thisThread: UInt { UInt(pthread_self()) }

  /// Waits until no other thread has it.
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

  /// The next in line has it then.
  static func giveBack() {
    let thread = thisThread
    state.withLock { state in
      precondition(state.owner == thread, "the main actor is given back by a thread that does not have it")
      state.depth -= 1
      if state.depth == 0 { Self.handOn(&state) }
    }
  }

  /// Lets those that wait go first, if any do.
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
  /// Whether the main actor's jobs can run here: on the main loop, and on a loop that may take the main actor and does
  /// so now, if another thread has it after a wait. On the loop's thread.
  func takeMainActor() -> Bool {
    if hasMainActor { return true }
    guard keepsTasks else { return false }
    MainActorTurn.take()
    hasMainActor = true
    takesTurns = true
    return true
  }

  /// Lets the loops of tests have the main actor while this thread waits: for the main loop, before the first of them
  /// starts. On the loop's thread.
  func shareMainActor() {
    guard isMain, !takesTurns else { return }
    MainActorTurn.take()
    takesTurns = true
  }

  /// The loop is over, and runs nothing more.
  func leaveMainActor() {
    guard takesTurns else { return }
    takesTurns = false
    MainActorTurn.giveBack()
  }

  /// The loop's thread is about to wait in the kernel, and runs nothing until `hasWaited`.
  @inline(__always)
  package func willWait() {
    if takesTurns { MainActorTurn.giveBack() }
  }

  @inline(__always)
  package func hasWaited() {
    if takesTurns { MainActorTurn.take() }
  }

  /// Between two jobs of a loop that is busy: others may want the main actor.
  @inline(__always)
  package func offerMainActor() {
    if takesTurns { MainActorTurn.offer() }
  }
}

extension EventLoop {
  /// Before a loop is started that keeps its tasks: sees to it that the main actor can be there.
  ///
  /// - Throws: `EventLoopError.mainActorUnavailable`.
  package nonisolated(nonsending) static func prepareForLoopsWithMainActor() async throws {
    try ExecutorInstallation.ensureSharedMain()
    guard let main = MainLoop.running else { return }
    if main.isCurrent { main.shareMainActor() } else { await main.anchor.run { main.shareMainActor() } }
  }
}
