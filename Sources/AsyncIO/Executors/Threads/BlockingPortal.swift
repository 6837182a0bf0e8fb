// SPDX-License-Identifier: Apache-2.0
// The way back: a plain thread calls into the loop, and waits. asyncio has `run_coroutine_threadsafe` and a future,
// whose `result()` blocks. anyio has portals, which end with their scope, and so do these. A thread that waits for a
// loop which never answers again would wait for ever.
//
// The thread's wait ends for sure: with its task, with the portal's scope, which waits for its tasks, or with the loop.

import AsyncIOCore
import Synchronization

/// Lets plain threads run `async` code on a loop; anyio's `BlockingPortal`. `withBlockingPortal` makes one.
///
/// All members may be used from any thread.
public final class BlockingPortal: Sendable {
  private struct State {
    var isOpen = true
    var calls: [Int: PortalCall] = [:]
    var next = 0
  }

  private let loop: EventLoop
  private let state = Mutex(State())

  init(on loop: EventLoop) { self.loop = loop }

  /// Runs `async` code on the portal's loop, and blocks the calling thread until it has ended; asyncio's
  /// `run_coroutine_threadsafe(...).result()`.
  ///
  /// ```swift
  /// try await withBlockingPortal { portal in
  ///   try await toThread {
  ///     for _ in 0..<3 { try portal.call { try await sleep(.milliseconds(10)) } }
  ///   }
  /// }
  /// ```
  ///
  /// The code is a task of the loop, with the task-local values of the calling code. Called from a function of
  /// `toThread` or of an executor, the task is cancelled with that function.
  ///
  /// - Throws: What the code throws; `MisuseError` on the thread of a loop, which would never run the code while it
  ///   waits; `EventLoopError.closed` if the portal or its loop has ended.
  public func call<Value: Sendable>(
    name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable () async throws -> Value
  ) throws -> Value {
    if EventLoop.onThisThread != nil {
      throw MisuseError(
        "BlockingPortal.call: called on the thread of an event loop, which can't run the code while it waits for it; "
          + "await the code instead")
    }
    let latch = ThreadLatch()
    let cancellation = CallCancellation.current
    // A simulated clock stands still for a function on a thread, but not while that waits for the loop.
    let standsStill = cancellation?.loop === loop
    var token: Int?
    // Before the task starts: in virtual time the loop may be hours ahead by the time that `start` returns.
    let task = try start(name, file, line, latch, countsAs: standsStill ? 1 : 0, body) { task in
      token = cancellation?.add { task.cancel(CancelReason(.awaiterCancelled)) }
    }
    latch.wait()
    if let token { cancellation?.remove(token) }
    guard task.isDone else { throw EventLoopError.closed }
    return try task.settled()
  }

  /// Starts `async` code on the portal's loop, and returns its task at once; anyio's `start_task_soon`.
  ///
  /// ```swift
  /// try await withBlockingPortal { portal in
  ///   let task = try await toThread { try portal.startTask { 42 } }
  ///   print(try await task.value)
  /// }
  /// ```
  ///
  /// - Throws: `EventLoopError.closed` if the portal or its loop has ended.
  @discardableResult
  public func startTask<Value: Sendable>(
    name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable () async throws -> Value
  ) throws -> TaskHandle<Value> {
    try start(name, file, line, nil, countsAs: 0, body)
  }

  private func start<Value: Sendable>(
    _ name: String?, _ file: StaticString, _ line: UInt, _ latch: ThreadLatch?, countsAs blocked: Int,
    _ body: @escaping @Sendable () async throws -> Value, prepare: (TaskHandle<Value>) -> Void = { _ in }
  ) throws -> TaskHandle<Value> {
    let task = TaskHandle<Value>(name: name, loop: loop, file: file, line: line)
    let number = try state.withLock { state in
      guard state.isOpen else { throw EventLoopError.closed }
      state.next += 1
      state.calls[state.next] = PortalCall(task: task, latch: latch)
      return state.next
    }
    prepare(task)
    // Behind everything that the thread has posted to the loop before, and never in the middle of a turn's work.
    let context = TaskContext.capture()
    let isPosted = loop.post { [self] loop in
      loop.blockingCalls -= blocked
      let start = { task.start(isolation: nil) { try await body() } }
      if let context { context.run(start) } else { start() }
      task.settlement.whenSettled {
        loop.blockingCalls += blocked
        self.end(number)
      }
    }
    if !isPosted {
      end(number)
      throw EventLoopError.closed
    }
    return task
  }

  private func end(_ number: Int) {
    let call = state.withLock { $0.calls.removeValue(forKey: number) }
    call?.latch?.open()
  }

  /// Refuses calls from now on.
  func close() -> [AnyTaskHandle] {
    state.withLock { state in
      state.isOpen = false
      return state.calls.values.map(\.task)
    }
  }
}

/// A call that has not ended.
private struct PortalCall: Sendable {
  let task: AnyTaskHandle
  /// Opened for the thread that waits.
  let latch: ThreadLatch?
}

extension BlockingPortal: EndsWithLoop {
  /// The tasks that are left never end.
  package func loopEnds() {
    let left = state.withLock { state in
      state.isOpen = false
      defer { state.calls = [:] }
      return state.calls.values.map { $0 }
    }
    for call in left { call.latch?.open() }
  }
}

/// Runs the body with a portal, by which plain threads run `async` code on this loop; anyio's `start_blocking_portal`.
///
/// ```swift
/// try await withBlockingPortal { portal in
///   try await toThread {
///     let answer = try portal.call {
///       try await sleep(.milliseconds(10))
///       return 42
///     }
///     print(answer)
///   }
/// }
/// ```
///
/// When the body returns, the portal's tasks are waited for. If the body throws they are cancelled, and waited for.
/// After that the portal refuses calls with `EventLoopError.closed`.
///
/// **Cancellation** of the caller cancels the body and then the portal's tasks.
///
/// - Throws: What the body throws.
@discardableResult
public nonisolated(nonsending) func withBlockingPortal<Result>(
  _ body: nonisolated(nonsending) (BlockingPortal) async throws -> Result
) async throws -> Result {
  let loop = try EventLoop.currentOrStarted()
  let portal = BlockingPortal(on: loop)
  if loop.isCurrent { loop.tellOfEnd(portal) } else { loop.postFromAnywhere { $0.tellOfEnd(portal) } }
  do {
    let result = try await body(portal)
    await portal.end(cancelling: false)
    return result
  } catch {
    await portal.end(cancelling: true)
    throw error
  }
}

extension BlockingPortal {
  fileprivate nonisolated(nonsending) func end(cancelling: Bool) async {
    for task in close() {
      if cancelling { task.cancel("the portal has ended") }
      do { try await task.settlement.wait(WaitReason("end a portal")) } catch {
        task.cancel(CancelReason(.awaiterCancelled))
        await task.settlement.waitUninterrupted(WaitReason("end a portal"))
      }
    }
  }
}
