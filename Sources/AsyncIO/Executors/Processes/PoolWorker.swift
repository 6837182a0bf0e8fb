// SPDX-License-Identifier: Apache-2.0
// The pool's side of a worker. A worker can end in three ways. It dies by itself, which shows at the socket. The pool
// closes the socket, and the worker leaves. Or the pool kills it, with all processes of its group. In each case the
// process is waited for by its descriptor, so that no zombie is left, and its number isn't used after that.
//
// What a worker writes to its standard error goes on to that of the program. The end of it is kept for a report.
//
// Everything belongs to the loop's thread.

import AsyncIOCore
import CLinux
import Glibc

final class PoolWorker {
  private static let tailLimit = 4096
  /// How long a worker may take to leave, once its socket is closed.
  private static let grace = Duration.seconds(5)

  let process: pid_t
  /// How many jobs it has run.
  var jobs = 0
  private let loop: EventLoop
  private let stream: ByteStream
  private var processDescriptor: Int32
  private var lifeline: Int32
  private var error: Int32
  private var tail: [UInt8] = []
  private var killing: TimerHandle?
  private var whenGone: (() -> Void)?

  /// Starts a process. On the loop's thread.
  nonisolated(nonsending) static func start(on loop: EventLoop) async throws -> PoolWorker {
    let started = try await loop.runBlocking(WaitReason("start a worker"), whenCancelled: .wait) {
      var worker = asyncio_worker()
      var failed: UnsafePointer<CChar>?
      let code = unsafe asyncio_start_worker(&worker, &failed)
      guard code == 0 else {
        throw SystemError(
          unsafe failed.map { unsafe String(cString: $0) } ?? "", "for a worker", code: .init(rawValue: -code))
      }
      return StartedWorker(
        process: worker.process, processDescriptor: worker.process_descriptor, socket: worker.socket,
        lifeline: worker.lifeline, error: worker.error)
    }
    do {
      return PoolWorker(started, on: loop, try await ByteStream.adopting(started.socket))
    } catch {
      Glibc.close(started.socket)
      started.discard()
      throw error
    }
  }

  private init(_ started: StartedWorker, on loop: EventLoop, _ stream: ByteStream) {
    self.loop = loop
    self.stream = stream
    process = started.process
    processDescriptor = started.processDescriptor
    lifeline = started.lifeline
    error = started.error
    // A pipe can be watched.
    try? loop.addReader(error) { [weak self] in self?.readErrors() }
  }

  // MARK: - Messages

  /// Sends a message, and returns the answer; nil if the worker has died.
  nonisolated(nonsending) func exchange(_ message: [UInt8], limit: Int) async throws -> Answer {
    do {
      try await stream.write(JobMessage.header(message.count) + message)
      let header = try await stream.readExactly(JobMessage.lengthSize)
      let length = JobMessage.length(header)
      if length > limit { return .tooLong(length) }
      return .message(try await stream.readExactly(length))
    } catch let error as CancellationError {
      throw error
    } catch {
      return .died
    }
  }

  enum Answer {
    case message([UInt8])
    case tooLong(Int)
    case died
  }

  /// Whether the process has not ended.
  var isAlive: Bool {
    var entry = pollfd(fd: processDescriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, 0) == 0
  }

  /// The end of what the worker has written to its standard error.
  var output: String {
    readErrors()
    var lines = String(decoding: tail, as: UTF8.self)
    while lines.last?.isNewline == true { lines.removeLast() }
    return lines
  }

  private func readErrors() {
    guard error >= 0 else { return }
    var piece = [UInt8](repeating: 0, count: 4096)
    let count = unsafe read(error, &piece, piece.count)
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    guard count > 0 else { return closeErrors() }
    piece.removeSubrange(count...)
    writeToStandardError(String(decoding: piece, as: UTF8.self))
    tail = Array((tail + piece).suffix(Self.tailLimit))
  }

  private func closeErrors() {
    guard error >= 0 else { return }
    if loop.isCurrent { loop.removeReader(error) }
    Glibc.close(error)
    error = -1
  }

  // MARK: - The end

  /// Waits for the end of a worker that has died, or kills one that has only closed its socket.
  nonisolated(nonsending) func waitForDeath() async throws -> ProcessPoolError.WorkerEnd {
    defer { releaseDescriptors() }
    do {
      try await withTimeout(Self.grace) { [processDescriptor] in try await waitReadable(processDescriptor) }
    } catch {
      kill()
      if error is CancellationError {
        reapElsewhere()
        throw error
      }
      return await reapAfterKill()
    }
    while error >= 0 {
      let before = tail
      readErrors()
      if tail == before { break }
    }
    // What its jobs have started stays in its group.
    Glibc.kill(-process, SIGKILL)
    return reap()
  }

  private nonisolated(nonsending) func reapAfterKill() async -> ProcessPoolError.WorkerEnd {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return .signaled(Signal(rawValue: SIGKILL))
  }

  private func reap() -> ProcessPoolError.WorkerEnd {
    var status: Int32 = 0
    var result: pid_t
    repeat { result = unsafe waitpid(process, &status, WNOHANG) } while result < 0 && errno == EINTR
    guard result == process else { return .unknown }
    return status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signaled(Signal(rawValue: status & 0x7f))
  }

  private func kill() { Glibc.kill(-process, SIGKILL) }

  /// Lets the worker leave after what it does now, and calls back when its process is gone.
  func leave(_ whenGone: @escaping () -> Void) {
    stream.abort()
    self.whenGone = whenGone
    killing = loop.callLater(Self.grace) { [self] in kill() }
    do {
      try loop.addReader(processDescriptor) { [self] in
        loop.removeReader(processDescriptor)
        killing?.cancel()
        Glibc.kill(-process, SIGKILL)
        _ = reap()
        releaseDescriptors()
        self.whenGone.take()?()
      }
    } catch {
      end()
    }
  }

  /// Kills the worker and its group now. Its process is waited for on another thread, for a moment.
  func end() {
    killing?.cancel()
    if processDescriptor < 0 { return }
    if loop.isCurrent { loop.removeReader(processDescriptor) }
    kill()
    reapElsewhere()
    stream.abort()
    releaseDescriptors()
    whenGone.take()?()
  }

  private func reapElsewhere() {
    let process = process
    try? BlockingPool.shared.submit {
      var status: Int32 = 0
      while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    }
  }

  private func releaseDescriptors() {
    closeErrors()
    for descriptor in [processDescriptor, lifeline] where descriptor >= 0 { Glibc.close(descriptor) }
    processDescriptor = -1
    lifeline = -1
    stream.abort()
  }
}

/// A process that was started, on its way to the loop.
private struct StartedWorker: Sendable {
  let process: pid_t
  let processDescriptor: Int32
  let socket: Int32
  let lifeline: Int32
  let error: Int32

  func discard() {
    kill(-process, SIGKILL)
    for descriptor in [processDescriptor, lifeline, error] { Glibc.close(descriptor) }
    let process = process
    try? BlockingPool.shared.submit {
      var status: Int32 = 0
      while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    }
  }
}
