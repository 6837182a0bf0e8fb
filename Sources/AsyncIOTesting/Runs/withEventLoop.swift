// SPDX-License-Identifier: Apache-2.0
// A run in virtual time: a loop on `VirtualBackend`, with ready jobs in an order drawn from a seed. A run that can make
// no progress is ended.

public import AsyncIOCore
import Synchronization

/// Runs the body on a loop with virtual time and returns its result. For a test, the trait `.virtualTime` does this.
///
/// ```swift
/// let elapsed = try await withVirtualTime {
///   try await Task.sleep(for: .seconds(3600))
///   return EventLoop.current.time
/// }
/// // at once, and elapsed is 3600 seconds
/// ```
///
/// The clock starts at 0. When nothing is ready, it jumps to the next timer or arrival. Connections go through a
/// network in memory, see `VirtualNetwork`. Jobs that are ready together run in an order drawn from the seed. Time that
/// passes elsewhere does not count: the clock stands still during the loop's own blocking calls, and other threads do
/// not stop it.
///
/// On the loop's thread, all clocks that the body's code reads are virtual: `ContinuousClock`, `SuspendingClock`,
/// Dispatch's, and Foundation's `Date`, which begins at 2000-01-01 00:00:00 UTC. `sleep` and `Task.sleep` follow them.
/// A call that puts the thread to sleep, such as `Thread.sleep`, advances the clocks and returns at once. Timers that
/// were due in between are late, as in real time. Other threads keep the machine's clocks. So does time(2), which
/// OpenSSL uses to judge certificates.
///
/// Code of the main actor runs on the loop, too. Runs with such code take turns: each keeps the main actor until it
/// ends or waits for another thread. Work that other threads give to the main actor (`Task { @MainActor in … }` in a
/// Dispatch callback, `DispatchQueue.main`) runs on the main thread, in real time.
///
/// If every task waits and nothing can end a wait, the waits are cancelled. Then this throws `NoProgressError`, however
/// the body responds to the cancellation. Before that, other threads have a quarter of a second to bring work.
///
/// - Parameter seed: nil takes AIO_TEST_SEED, or else a random seed. A random seed is printed on standard error if the
///   body throws.
/// - Throws: The body's error; `NoProgressError`; `TestSeedError` if AIO_TEST_SEED is not a number.
public func withVirtualTime<Value: Sendable>(
  seed: UInt64? = nil, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  if let seed { return try await runVirtually(name: "withVirtualTime", seed: seed, body) }
  let drawn = try TestSeed.draw()
  do {
    return try await runVirtually(name: "withVirtualTime", seed: drawn, body)
  } catch {
    writeToStandardError(TestSeed.replayLine(drawn) + "\n")
    throw error
  }
}

func runVirtually<Value: Sendable>(
  name: String, seed: UInt64, reports: RunReports? = nil, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let stuck = StuckRun()
  let result: Result<Value, any Error>
  do {
    let value = try await LoopRun.run(
      name: name, reports: reports,
      makeBackend: {
        let backend = try VirtualBackend()
        backend.onNoProgress = { stuck.end($0) }
        return backend
      },
      prepare: { loop in
        loop.shuffle = SeededRandom(seed: seed)
        // A separate random stream: numbers that the program draws do not change the order of its jobs.
        loop.random = .seeded(SeededRandom(seed: ~seed))
      },
      started: { stuck.begin(cancelBody: $0) },
      body)
    result = .success(value)
  } catch {
    result = .failure(error)
  }
  if let error = stuck.error { throw error }
  return try result.get()
}

/// Ends a run that can make no progress.
private final class StuckRun: Sendable {
  private struct State {
    var error: NoProgressError?
    var cancelBody: (@Sendable () -> Void)?
    var times = 0
  }

  private let state = Mutex(State())

  var error: NoProgressError? { state.withLock { $0.error } }

  func begin(cancelBody: @escaping @Sendable () -> Void) { state.withLock { $0.cancelBody = cancelBody } }

  /// Called on the loop's thread. The first report stands: later ones follow from the cancellation.
  func end(_ loop: EventLoop) {
    let waits = loop.waitingTasks()
    let (times, cancelBody) = state.withLock { state in
      if state.error == nil { state.error = NoProgressError(waiting: waits) }
      state.times += 1
      return (state.times, state.cancelBody)
    }
    // Cancel the body too: it may wait for something that the loop cannot see.
    cancelBody?()
    loop.cancelWaitingTasks()
    // Leave behind tasks that ignore their cancellation.
    if times >= 3 { loop.stop() }
  }
}

/// Runs the body on an event loop of its own, on a new thread, and returns its result. For a test, the trait
/// `.eventLoop` does this.
///
/// ```swift
/// let backend = try await withEventLoop(backend: .epoll) { EventLoop.current.backendKind }
/// ```
///
/// The body is a task that prefers the loop. So everything it starts without an actor of its own stays there: `Task
/// {}`, `Task.detached`, child tasks, actors, `Task.sleep`. When the body returns, tasks that still wait on the loop
/// are cancelled and may clean up; then the loop ends. The caller's thread is not blocked.
///
/// **Cancellation** of the caller cancels the body, and waits for its end.
///
/// - Parameter backend: nil takes AIO_BACKEND (`io_uring` or `epoll`), or else the best one available. `.virtual` is
///   `withVirtualTime`.
/// - Throws: The body's error; `EventLoopError.backendUnavailable`; `EventLoopError.stopped` if something stopped the
///   loop before the body returned.
public func withEventLoop<Value: Sendable>(
  backend: BackendKind? = nil, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  if backend == .virtual { return try await withVirtualTime(body) }
  return try await LoopRun.run(
    name: "withEventLoop", makeBackend: { try BackendChoice.make(backend) }, body)
}
