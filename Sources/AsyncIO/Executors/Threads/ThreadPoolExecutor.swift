// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// A pool of threads for functions that compute or block; concurrent.futures' `ThreadPoolExecutor`.
///
/// ```swift
/// let pool = ThreadPoolExecutor(maxWorkers: 4, name: "render")
/// let page = try await EventLoop.current.runInExecutor(pool) { "a page" }
/// let squares = try await pool.map(0..<10) { $0 * $0 }
/// await pool.shutdown()
/// ```
///
/// `toThread` needs no pool. A pool of its own bounds one kind of work, runs an initializer on each thread, and can be
/// shut down. Threads are started on demand, end after ten seconds without work, and have the pool's name. Functions
/// are served first come, first served. The pool may be used from any thread and any loop, and from code that isn't
/// `async`. A pool that nothing refers to any more ends its threads after their work.
public final class ThreadPoolExecutor: Sendable {
  /// The name of the pool and of its threads.
  public let name: String
  /// The most threads at a time.
  public let maxWorkers: Int
  let pool: BlockingPool

  /// Makes a pool, without threads so far.
  ///
  /// Traps if the number of threads or the limit isn't positive.
  ///
  /// - Parameters:
  ///   - maxWorkers: The most threads at a time; `min(32, cores + 4)` if nil.
  ///   - name: The name of the pool and its threads. The system shows 15 characters of it.
  ///   - pendingLimit: The most functions in line for a thread. More are refused with `ExecutorError`.
  ///   - initializer: Runs first on each new thread. If it throws, the function for which the thread was started fails
  ///     with `ExecutorError`, and the next function gets a new thread.
  public init(
    maxWorkers: Int? = nil, name: String = "thread-pool", pendingLimit: Int = 1_000_000,
    file: StaticString = #fileID, line: UInt = #line, initializer: (@Sendable () throws -> Void)? = nil
  ) {
    let limit = maxWorkers ?? BlockingPool.defaultLimit
    require(limit > 0, "ThreadPoolExecutor: needs at least one thread, not \(limit)", file: file, line: line)
    require(pendingLimit > 0, "ThreadPoolExecutor: the limit \(pendingLimit) isn't positive", file: file, line: line)
    self.name = name
    self.maxWorkers = limit
    pool = BlockingPool(name: name, limit: limit, lineLimit: pendingLimit, initializer: initializer)
  }

  deinit { pool.shutDown(cancelsPending: false) }

  /// Runs a function on a thread of the pool, and returns a future of its result; concurrent.futures' `submit`.
  ///
  /// ```swift
  /// let pool = ThreadPoolExecutor(maxWorkers: 2)
  /// let future = pool.submit { 6 * 7 }
  /// print(try await future.value)
  /// ```
  ///
  /// The function has the caller's task-local values. Cancelling the future keeps a function that hasn't started from
  /// starting, and tells one that has by `Task.isCancelled`. The function of a cancelled future isn't waited for.
  ///
  /// - Returns: A future. It fails with the function's error, with `ExecutorError` if the pool is shut down or its
  ///   line is full, and with `SystemError` if the system starts no thread.
  @discardableResult
  public func submit<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) -> Future<Value> {
    let future = Future<Value>()
    let context = TaskContext.captureForFunction()
    let cancellation = CallCancellation()
    // A simulated clock stands still until the function has ended.
    let loop = EventLoop.onThisThread
    loop?.blockingCalls += 1
    let job = PoolJob {
      defer { loop?.postFromAnywhere { $0.blockingCalls -= 1 } }
      context.run {
        let outcome = Result { try CallCancellation.$current.withValue(cancellation) { try body() } }
        switch outcome {
        case .success(let value): future.trySetResult(value)
        case .failure(let error): if !(error is CancellationError && future.cancel()) { future.trySetException(error) }
        }
      }
    } whenRefused: { error in
      defer { loop?.postFromAnywhere { $0.blockingCalls -= 1 } }
      if !(error is CancellationError && future.cancel()) { future.trySetException(error) }
    }
    do { try pool.submit(job) } catch {
      loop?.blockingCalls -= 1
      future.setException(error)
      return future
    }
    future.settlement.whenSettled { [weak job, pool, weak future] in
      guard future?.isCancelled == true, let job else { return }
      if pool.withdraw(job) {
        loop?.postFromAnywhere { $0.blockingCalls -= 1 }
        return
      }
      context.cancel()
      cancellation.cancel()
    }
    return future
  }

  /// Applies a function to each element on the pool's threads, and returns the results in the elements' order;
  /// concurrent.futures' `map`.
  ///
  /// ```swift
  /// let pool = ThreadPoolExecutor(maxWorkers: 4)
  /// let lengths = try await pool.map(["a", "bc", "def"]) { $0.count }
  /// ```
  ///
  /// The first error ends the call: elements that have not begun are left out, and running functions are waited for.
  ///
  /// **Cancellation** of the caller does the same. The functions see it by `Task.isCancelled`.
  ///
  /// - Parameter chunkSize: How many elements one turn of a thread takes; nil divides them by four times the number of
  ///   threads.
  /// - Throws: The first error of a function; `CancellationError` if the caller is cancelled; `ExecutorError`.
  public nonisolated(nonsending) func map<Elements: Collection & Sendable, Value: Sendable>(
    _ elements: Elements, chunkSize: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ transform: @escaping @Sendable (Elements.Element) throws -> Value
  ) async throws -> [Value] {
    if let chunkSize {
      require(chunkSize > 0, "map: the chunk size \(chunkSize) isn't positive", file: file, line: line)
    }
    let count = elements.count
    let work = ChunkedMap(
      elements, count: count, chunkSize: chunkSize ?? max(1, min(count / (4 * maxWorkers), 10_000)), transform)
    let label = "map at \(file):\(line)"
    _ = try await gather(0..<min(maxWorkers, work.chunks)) { [pool] _ in
      try await call({ try work.run() }, on: pool, label, limiter: nil, cancel: .wait)
    }
    return work.results()
  }

  /// Refuses functions from now on; concurrent.futures' `shutdown`.
  ///
  /// - Parameters:
  ///   - wait: Whether to wait until all functions have returned and the threads have ended.
  ///   - cancelPending: Cancels the functions that stand in line: their futures are cancelled, and calls of
  ///     `runInExecutor` throw `CancellationError`.
  ///
  /// **Cancellation** of the caller ends the waiting, and the pool stays shut down.
  public nonisolated(nonsending) func shutdown(wait: Bool = true, cancelPending: Bool = false) async {
    pool.shutDown(cancelsPending: cancelPending)
    guard wait else { return }
    let loop = EventLoop.onThisThread
    loop?.blockingCalls += 1
    defer { loop?.postFromAnywhere { $0.blockingCalls -= 1 } }
    try? await pool.waitEnded(WaitReason("wait for the end of", on: self))
  }
}

extension ThreadPoolExecutor: WaitObject {
  package var waitDescription: String { "executor \"\(name)\"" }
}

extension ThreadPoolExecutor: CustomStringConvertible {
  public var description: String {
    let counts = pool.counts
    return "ThreadPoolExecutor(\"\(name)\", \(counts.threads) of \(maxWorkers) threads, \(counts.inLine) in line)"
  }
}

/// Elements that threads take by chunks, and their results.
private final class ChunkedMap<Elements: Collection & Sendable, Value: Sendable>: Sendable {
  private let elements: Elements
  private let chunkSize: Int
  private let transform: @Sendable (Elements.Element) throws -> Value
  private let state: Mutex<UncheckedState>
  let chunks: Int

  /// An index of a collection need not be Sendable, though those of a Sendable collection are.
  private struct UncheckedState: @unchecked Sendable {
    // Sendable: an index is a value that belongs to `elements`, and is touched only behind the mutex.
    var next: Elements.Index
    var chunk = 0
    var results: [[Value]]
    var hasFailed = false
  }

  init(
    _ elements: Elements, count: Int, chunkSize: Int,
    _ transform: @escaping @Sendable (Elements.Element) throws -> Value
  ) {
    self.elements = elements
    self.chunkSize = chunkSize
    self.transform = transform
    chunks = (count + chunkSize - 1) / chunkSize
    state = Mutex(UncheckedState(next: elements.startIndex, results: Array(repeating: [], count: chunks)))
  }

  /// Takes chunks until none is left.
  func run() throws {
    while let (chunk, part) = takeChunk() {
      do {
        try Task.checkCancellation()
        let values = try elements[part].map(transform)
        state.withLock { $0.results[chunk] = values }
      } catch {
        state.withLock { $0.hasFailed = true }
        throw error
      }
    }
  }

  private func takeChunk() -> (Int, Range<Elements.Index>)? {
    state.withLock { state in
      guard !state.hasFailed, state.next < elements.endIndex else { return nil }
      let start = state.next
      state.next = elements.index(start, offsetBy: chunkSize, limitedBy: elements.endIndex) ?? elements.endIndex
      state.chunk += 1
      return (state.chunk - 1, start..<state.next)
    }
  }

  func results() -> [Value] { state.withLock { $0.results.flatMap { $0 } } }
}
