// SPDX-License-Identifier: Apache-2.0
// asyncio.run: the loop becomes the program's main and default executor, runs the body as a task of the main actor, and
// ends when the body returns.

import CLinux
import Glibc

extension EventLoop {
  /// Runs the body on a new event loop, which is the program's executor meanwhile, and returns its result; asyncio's
  /// `run`.
  ///
  /// Call it first in a synchronous `main`. From then on the main actor, actors, `Task {}`, `async let` and
  /// `Task.sleep` all run on this one loop, on the main thread. The body is isolated to the main actor, so its tasks
  /// share state without locks.
  ///
  /// ```swift
  /// @main struct App {
  ///   static func main() throws {
  ///     let answer = try EventLoop.run {
  ///       try await sleep(.milliseconds(10))
  ///       return 42
  ///     }
  ///     print(answer)
  ///   }
  /// }
  /// ```
  ///
  /// When the body returns, this library's tasks are cancelled, and so are others that still wait on the loop. They may
  /// clean up for up to ten seconds. `run` can be called again; each call has a new loop.
  ///
  /// Ctrl-C, or another signal in `stopsOn`, cancels the body once and waits for its clean-up. Then `onInterrupt`
  /// decides how the run ends. A second Ctrl-C ends the process at once, with status 130. A signal that other code
  /// waits for (`signals`, `addSignalHandler`, a server that stops on it) doesn't end the run.
  ///
  /// - Parameters:
  ///   - backend: The backend; nil takes AIO_BACKEND (`io_uring` or `epoll`), or else the best one available.
  ///   - debug: Whether to check more and report on standard error: jobs that keep the loop for more than 100 ms, with
  ///     a backtrace; servers and connections that were not closed; slow name look-ups; the backend and why it was
  ///     chosen. nil takes AIO_DEBUG (`1`). It applies to the process until the next `run`.
  ///   - onInterrupt: Whether an interrupted process ends by the signal, as one without a handler does, or this throws
  ///     `EventLoopError.interrupted`.
  ///   - signals: The signals that cancel the body. Servers need `[.interrupt, .terminate, .hangup]`: otherwise SIGTERM
  ///     and SIGHUP end the process at once. A signal that was ignored at the process's start, as by `nohup`, stays
  ///     ignored.
  /// - Throws: The body's error; `EventLoopError` if a loop can't run here, if the loop was stopped, or if a signal
  ///   ended the body.
  public static func run<Result>(
    backend: BackendKind? = nil, debug: Bool? = nil, onInterrupt: InterruptAction = .endProcess,
    stopsOn signals: Set<Signal> = [.interrupt], _ body: @escaping @MainActor () async throws -> Result
  ) throws -> Result {
    try run(.count(1), backend, debug, onInterrupt, signals, body)
  }

  /// Runs the body with several loops, each on a thread of its own; the body is outside of actors.
  ///
  /// ```swift
  /// try EventLoop.run(loops: .perCore) {
  ///   let server = try await startServer(host: "127.0.0.1", port: 8080) { reader, writer in
  ///     while let line = try await reader.readLine() { try await writer.write(line + "\n") }
  ///   }
  ///   try await server.serveForever()
  /// }
  /// ```
  ///
  /// The body runs on the first loop, the main one. Closures written in it are outside of actors too, so a server's
  /// handler runs on every loop. Each loop accepts connections, and a connection stays on the loop that accepted it, as
  /// every task stays where it was started. State that such closures share must be `Sendable`; the compiler checks it.
  ///
  /// Use `run` without `loops` unless one core is too little: there all code takes turns on one thread, and its state
  /// needs no locks. Here threads share state, which needs an actor (the main actor's code still runs on the main loop)
  /// or a `Mutex`.
  public static func run<Result: Sendable>(
    loops: LoopCount, backend: BackendKind? = nil, debug: Bool? = nil, onInterrupt: InterruptAction = .endProcess,
    stopsOn signals: Set<Signal> = [.interrupt], _ body: @escaping @Sendable @concurrent () async throws -> Result
  ) throws -> Result {
    try run(loops, backend, debug, onInterrupt, signals) { @MainActor in try await body() }
  }

  private static func run<Result>(
    _ loops: LoopCount, _ backend: BackendKind?, _ debug: Bool?, _ onInterrupt: InterruptAction, _ signals: Set<Signal>,
    _ body: @escaping @MainActor () async throws -> Result
  ) throws -> Result {
    DebugMode.set(debug)
    do {
      return try runLoops(loops, backend: backend, stopsOn: signals, body)
    } catch let stop as StoppedBySignal {
      if onInterrupt == .endProcess { asyncio_end_by_signal(stop.signal.rawValue) }
      throw EventLoopError.interrupted
    }
  }

  /// What follows after Ctrl-C, or another signal, has ended the body of a run, and its clean-up.
  public enum InterruptAction: Sendable {
    /// The process ends by the signal, like a process without a handler. After Ctrl-C a shell sees status 130, and a
    /// script stops.
    case endProcess
    /// `run` throws `EventLoopError.interrupted`.
    case throwError
  }

  private static func runLoops<Result>(
    _ loops: LoopCount, backend: BackendKind?, stopsOn signals: Set<Signal>,
    _ body: @escaping @MainActor () async throws -> Result
  ) throws -> Result {
    guard onThisThread == nil else { throw EventLoopError.alreadyRunning }
    guard unsafe withUnsafeCurrentTask(body: { unsafe $0 == nil }) else { throw EventLoopError.calledFromTask }
    guard asyncio_thread_id() == getpid() else { throw EventLoopError.notOnMainThread }
    ExecutorInstallation.ensureRouterAndMain()

    StandardDescriptors.ensureOpen()
    let loop = EventLoop(backend: try BackendChoice.make(backend), isMain: true, namesTasks: DebugMode.isOn)
    var others: [LoopThread] = []
    do {
      for index in 1..<loops.resolved {
        others.append(
          try LoopThread.start(
            name: "asyncio-loop-\(index)", namesTasks: DebugMode.isOn, makeBackend: { try BackendChoice.make(backend) },
            whenEnded: { loop.postFromAnywhere { _ in } }))
      }
    } catch {
      for other in others { other.stop() }
      loop.close()
      throw error
    }
    let group = [loop] + others.map(\.loop)
    for member in group { member.group = group }
    let watchdogs = DebugMode.isOn ? group.map { $0.watchStalls() } : []
    defer {
      for watchdog in watchdogs { watchdog.finish() }
      for other in others { other.stop() }
      for member in group { member.group = [] }
    }

    MainLoop.begin(loop)
    defer {
      MainLoop.end()
      loop.close()
    }
    return try loop.adopt { try MainRun(loop, others: others.map(\.loop)).run(stopsOn: signals, body) }
  }

  /// The cores that this process may use.
  package static var availableCores: Int { Int(asyncio_available_cores()) }

  /// How many loops to run.
  public struct LoopCount: Sendable {
    let resolved: Int

    /// One for each core that this process may use.
    public static var perCore: LoopCount { .count(EventLoop.availableCores) }

    /// This many loops; at least one.
    public static func count(
      _ count: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> LoopCount {
      require(count > 0, "EventLoop.run: needs at least one loop, not \(count)", file: file, line: line)
      return LoopCount(resolved: count)
    }
  }
}

/// One call of `run`, on the main thread.
@MainActor private final class MainRun<Value> {
  private let loop: EventLoop
  private let others: [EventLoop]
  private var outcome: Swift.Result<Value, any Error>?
  private let progress = RunProgress()

  nonisolated init(_ loop: EventLoop, others: [EventLoop]) {
    self.loop = loop
    self.others = others
  }

  nonisolated func run(
    stopsOn signals: Set<Signal>, _ body: @escaping @MainActor () async throws -> Value
  ) throws -> Value {
    // The main thread has the main actor, since its loop is current here; see RuntimeExecutors.
    try MainActor.assumeIsolated {
      let (loop, others) = (loop, others)
      let task = AnyTaskHandle(name: "main", loop: loop, file: #fileID, line: #line)
      task.start(eagerly: false, isolation: MainActor.shared) { await self.call(body, as: task) }
      let dispatch = DispatchMainQueue(loop: loop)
      let progress = progress
      progress.task = task
      let watch = SignalWatch(signals, as: .stopsRun, on: loop) { progress.stop(by: $0) }
      loop.run(until: { progress.isOver(loop) })
      let wasStopped = outcome == nil
      if wasStopped { task.cancel(CancelReason(.loopEnded, "stop was called")) }
      for other in others { other.stop() }
      loop.finish(othersHaveEnded: { others.allSatisfy(\.isClosed) })
      dispatch?.stop()
      watch.end()
      // A stop wins over the body's response to its cancellation.
      if wasStopped { throw EventLoopError.stopped }
      switch outcome {
      // Made and opened on the main thread.
      case .success(let value): return UncheckedBox(value)
      case .failure(let error):
        if let signal = progress.signal, error is CancellationError { throw StoppedBySignal(signal: signal) }
        throw error
      case nil: throw EventLoopError.stopped
      }
    }.value
  }

  private func call(_ body: @MainActor () async throws -> Value, as task: AnyTaskHandle) async -> SettlementPhase {
    defer { progress.isDone = true }
    do {
      outcome = .success(try await body())
      return .succeeded
    } catch {
      outcome = .failure(error)
      return task.ended(by: error)
    }
  }
}

/// The state to look at after every turn; not generic, and so cheap.
private final class RunProgress {
  var task: AnyTaskHandle?
  @safe @exclusivity(unchecked) var isDone = false
  /// The signal that stopped the run, if one did.
  var signal: Signal?

  func isOver(_ loop: EventLoop) -> Bool { isDone || loop.stopRequested }

  func stop(by signal: Signal) {
    guard self.signal == nil else { return }
    self.signal = signal
    task?.cancel(CancelReason(.interrupted, signal == .interrupt ? "" : "\(signal)"))
  }
}

/// A signal ended the body.
private struct StoppedBySignal: Error {
  let signal: Signal
}
