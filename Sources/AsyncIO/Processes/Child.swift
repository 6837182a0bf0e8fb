// SPDX-License-Identifier: Apache-2.0
// A child process, on the thread of its loop: the wait for its end, and the right to signal it.
//
// Its descriptor is polled from the start. The child's entry in the system's table is taken (the child is reaped) as
// soon as it has ended, whether anybody waits for it or not. So there are no zombies. Only a child that leads a process
// group in a scope stays until the scope has ended the group: its number is the group's, and must not become another
// process's meanwhile.
//
// The operation in flight keeps this object. If the loop ends before the child does, the child is killed.

import AsyncIOCore
import Glibc

final class Child: OperationSink, WaitObject, @unchecked Sendable {
  // Sendable: used on its loop's thread only; `Subprocess` sees to that.
  let loop: EventLoop
  let id: Int32
  let name: String
  let leadsGroup: Bool
  /// nil once it is reaped and no operation is in flight.
  private var descriptor: Descriptor?
  private var operation: OperationID?
  private(set) var exit: ExitStatus?
  private var isReaped = false
  /// Whether it is not reaped before `endGroup`.
  var keepsNumber = false
  private var waiters = WaitList<WaitID>()
  /// What `communicate` has read and written so far.
  var exchange = Exchange()

  init(_ started: StartedProcess, named name: String, leadsGroup: Bool, on loop: EventLoop) {
    self.loop = loop
    self.name = name
    self.leadsGroup = leadsGroup
    id = started.id
    descriptor = Descriptor(started.descriptor, of: loop.backend)
    operation = loop.poll(started.descriptor, events: UInt32(POLLIN), sink: self)
  }

  private var processes: any Processes { loop.backend.processes }

  private var number: Int32 { descriptor?.number ?? -1 }

  var waitDescription: String { "\(name) (process \(id))" }

  // MARK: - The end

  func complete(_ operation: OperationID, _ completion: Completion) {
    guard operation == self.operation else { return }
    if completion.isLast { self.operation = nil }
    if completion.result >= 0 && exit == nil { look() }
    if completion.isLast && exit == nil {
      // The loop ends, or the kernel can't poll: nobody would learn of the child's end.
      if descriptor != nil { processes.abandon(number) }
      isReaped = true
      ended(ExitStatus(.lost))
    }
    if exit != nil, let operation = self.operation { loop.cancel(operation) }
    closeIfOver()
  }

  /// Looks whether it has ended.
  private func look() {
    guard descriptor != nil, let status = processes.exit(of: number, reaps: !keepsNumber) else { return }
    isReaped = !keepsNumber
    ended(status)
  }

  private func ended(_ status: ExitStatus) {
    exit = status
    for wait in waiters.takeAll() { loop.resume(wait) }
  }

  private func closeIfOver() { if isReaped && operation == nil { descriptor = nil } }

  /// Kills what is left of its group, and gives up its number. After its end.
  func endGroup() {
    guard exit != nil, !isReaped else { return }
    if leadsGroup { processes.send(.kill, toGroup: id) }
    _ = processes.exit(of: number, reaps: true)
    isReaped = true
    closeIfOver()
  }

  // MARK: - Waiting

  nonisolated(nonsending) func wait() async throws -> ExitStatus {
    try await loop.spendBudget()
    if let exit { return exit }
    let wait = loop.beginWait(WaitReason("wait for", on: self))
    let place = waiters.join(wait)
    let outcome = await loop.wait(wait)
    guard let exit else {
      waiters.leave(place)
      try outcome.check()
      throw EventLoopError.closed
    }
    return exit
  }

  /// Waits, even in a cancelled task, until the time of the loop's clock at most. Returns whether it has ended.
  nonisolated(nonsending) func waitUninterrupted(until deadline: Int64) async -> Bool {
    if exit != nil { return true }
    let wait = loop.beginWait(WaitReason("wait for", on: self))
    let place = waiters.join(wait)
    await loop.waitUninterrupted(wait, until: deadline)
    if exit == nil { waiters.leave(place) }
    return exit != nil
  }

  // MARK: - Signals

  /// Sends a signal, unless it has ended. Returns whether it still ran.
  @discardableResult
  func send(_ signal: Signal) throws -> Bool {
    guard exit == nil else { return false }
    switch processes.send(signal, to: number) {
    case 0: return true
    case -ESRCH: return false
    case let result: throw SystemError("kill", "\(waitDescription) with \(signal)", result: result)
    }
  }

  /// Ends it: SIGTERM, then, after the time, SIGKILL. In a group that it leads, all processes get both. Even in a
  /// cancelled task it waits for the end.
  nonisolated(nonsending) func end(within grace: Duration) async {
    if exit == nil {
      // It may run as another user, whom this process may not signal.
      do { try send(.terminate) } catch { report(error) }
      if leadsGroup { processes.send(.terminate, toGroup: id) }
      let inTime = await waitUninterrupted(until: loop.deadline(after: grace.clampedNanoseconds))
      if !inTime {
        do { try send(.kill) } catch { report(error) }
        if leadsGroup { processes.send(.kill, toGroup: id) }
        // The kernel ends it at once, unless it is in the middle of a call that can't be interrupted.
        if await !waitUninterrupted(until: loop.deadline(after: Self.patience)) { report(nil) }
      }
    }
    endGroup()
  }

  /// How long a process may take to end by SIGKILL, in nanoseconds.
  private static var patience: Int64 { 5_000_000_000 }

  private func report(_ error: (any Error)?) {
    loop.callExceptionHandler(
      ExceptionContext(message: "\(waitDescription) was to end, and still runs", error: error))
  }
}
