// SPDX-License-Identifier: Apache-2.0
// One direction of one descriptor of the program's. One poll operation serves the callback that was added for it and
// the tasks that wait for it. The descriptor stays the program's: nothing here changes its flags or closes it.
//
// The poll reports for as long as the descriptor is ready (level-triggered), so it is in flight only while a callback
// or a task wants it. An unwanted poll is cancelled and forgotten. Its last completion names an operation that isn't
// the current one and is ignored, even if it says "ready" because the cancellation came too late.
//
// Everything belongs to the loop's thread.

import AsyncIOCore
import Glibc

final class DescriptorWatch: OperationSink, WaitObject {
  enum Direction: Int {
    case input, output
  }

  private let loop: EventLoop
  private let descriptor: Int32
  private let direction: Direction
  private let onIdle: (DescriptorWatch) -> Void
  private var operation: OperationID?
  private var waiters = WaitList<WaitID>()
  private var callback: Callback?

  /// The callback, with the task-local values of the place that added it.
  private struct Callback {
    let context: RepeatedContext?
    let body: () -> Void

    func call() {
      if let context { context.run(body) } else { body() }
    }
  }

  /// - Parameter onIdle: Called when no callback and no task needs the watch any more.
  init(_ descriptor: Int32, _ direction: Direction, on loop: EventLoop, onIdle: @escaping (DescriptorWatch) -> Void) {
    self.descriptor = descriptor
    self.direction = direction
    self.loop = loop
    self.onIdle = onIdle
  }

  var waitDescription: String { "descriptor \(descriptor)" }

  // MARK: - What is wanted

  /// Sets the callback, in place of an earlier one.
  func setCallback(_ body: @escaping () -> Void) {
    callback = Callback(context: .capture(), body: body)
    arm()
  }

  /// Removes the callback. Returns whether there was one.
  func removeCallback() -> Bool {
    guard callback.take() != nil else { return false }
    disarmIfIdle()
    return true
  }

  nonisolated(nonsending) func wait() async throws {
    let reason: WaitReason.StaticName = direction == .input ? "read from" : "write to"
    let wait = loop.beginWait(WaitReason(reason, on: self))
    let place = waiters.join(wait)
    arm()
    switch await loop.wait(wait) {
    case .resumed(let result) where result < 0:
      throw SystemError("poll", "descriptor \(descriptor)", result: result)
    case .resumed: return
    case let outcome:
      leave(place)
      try outcome.check()
    }
  }

  private func leave(_ place: WaitList<WaitID>.Token) {
    waiters.leave(place)
    disarmIfIdle()
  }

  // MARK: - The operation

  private func arm() {
    guard operation == nil else { return }
    operation = loop.poll(descriptor, events: UInt32(direction == .input ? POLLIN : POLLOUT), sink: self)
  }

  private func disarmIfIdle() {
    guard callback == nil, waiters.isEmpty else { return }
    if let operation = operation.take() { loop.cancel(operation) }
    onIdle(self)
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    guard operation == self.operation else { return }
    if completion.isLast { self.operation = nil }
    for wait in waiters.takeAll() { loop.resume(wait, min(0, Int(completion.result))) }
    if completion.result < 0 {
      fail(completion.result)
    } else {
      callback?.call()
    }
    if callback != nil || !waiters.isEmpty { arm() } else { disarmIfIdle() }
  }

  /// Reports that the kernel refuses to poll. The end of the loop isn't an error.
  private func fail(_ result: Int32) {
    guard callback.take() != nil, result != SystemError.Code.canceled.result else { return }
    let error = SystemError("poll", "descriptor \(descriptor)", result: result)
    loop.callExceptionHandler(ExceptionContext(message: "a descriptor is no longer watched", error: error))
  }
}

/// The watched descriptors of one loop.
final class DescriptorWatches {
  private struct Key: Hashable {
    let descriptor: Int32
    let direction: DescriptorWatch.Direction
  }

  private var watches: [Key: DescriptorWatch] = [:]

  static func of(_ loop: EventLoop) -> DescriptorWatches {
    loop.attachment { DescriptorWatches() }
  }

  func existing(_ descriptor: Int32, _ direction: DescriptorWatch.Direction) -> DescriptorWatch? {
    watches[Key(descriptor: descriptor, direction: direction)]
  }

  /// - Throws: `SystemError` if the descriptor can't be watched.
  func watch(
    _ descriptor: Int32, _ direction: DescriptorWatch.Direction, on loop: EventLoop
  ) throws -> DescriptorWatch {
    let key = Key(descriptor: descriptor, direction: direction)
    if let there = watches[key] { return there }
    if try loop.sockets.kind(of: descriptor) == .file {
      // The error of epoll_ctl(2), which io_uring doesn't give.
      throw SystemError("poll", "descriptor \(descriptor), a file, which is always ready", code: .notPermitted)
    }
    let watch = DescriptorWatch(descriptor, direction, on: loop) { [weak self] watch in
      if self?.watches[key] === watch { self?.watches[key] = nil }
    }
    watches[key] = watch
    return watch
  }
}
