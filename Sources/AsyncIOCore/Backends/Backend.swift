// SPDX-License-Identifier: Apache-2.0
// The seam below which the world begins: time, descriptors, and operations that complete. A backend belongs to one
// loop and is called on its thread, `wake` excepted. Above it nothing knows what kind of system stands below: a kernel
// with completions (io_uring), one with readiness (epoll), or a simulation.
//
// What takes time is an operation, and submitted; what a socket does at once is in `sockets`. The calls of `fileSystem`
// may wait for a disk: `EventLoop+Files` says where each of them runs.

import CLinux

/// The kinds of backend.
public enum BackendKind: String, Sendable, CustomStringConvertible {
  case ioUring = "io_uring"
  case epoll
  case virtual

  public var description: String { rawValue }
}

package protocol Backend: AnyObject {
  var kind: BackendKind { get }

  // MARK: Time

  /// Nanoseconds on a clock that only goes forward.
  var now: Int64 { get }

  /// The clock that people and other machines go by. It may be set, and then jumps.
  var wallTime: WallTime { get }

  /// A descriptor that becomes readable when the wall clock is set; nil where the system has none. A backend with a
  /// clock of its own calls `EventLoop.wallClockWasSet` instead.
  func openWallClockWatch() -> Int32?

  /// The delay to take for one that somebody computed from the machine's clocks, as `Task.sleep` does: where time is
  /// virtual, without the microseconds that passed in between.
  func delay(fromForeignClock nanoseconds: Int64) -> Int64

  /// The deadline to wait for if wakes are to be that many nanoseconds apart.
  func coalesced(_ deadline: Int64, within nanoseconds: Int64) -> Int64

  // MARK: Operations

  func submit(_ record: UnsafeMutablePointer<OperationRecord>)
  func cancel(_ record: UnsafeMutablePointer<OperationRecord>)

  /// Whether there is something to hand over or to take without waiting.
  var wantsTurn: Bool { get }

  /// Hands over what was submitted and takes completions. Waits for the first one, for `wake`, or for the time
  /// `deadline` (nil: forever; `Int64.min`: not at all).
  func turn(until deadline: Int64?, of loop: EventLoop)

  /// Ends a `turn` that waits, or the next one. From any thread.
  func wake()

  /// A descriptor that `wake` writes eight bytes to, for a signal handler, which can do nothing else; -1 if the backend
  /// has none.
  var wakeDescriptor: Int32 { get }

  /// Where signals come from.
  var signals: SignalCenter { get }

  /// System calls made so far.
  var systemCalls: Int { get }

  /// Gives up everything of the system's. Called once, with no operation of interest in flight.
  func close()

  /// Sees to it that an operation can be submitted that needs more than a record; called before the first of its kind.
  func prepare(for kind: OperationKind) throws

  /// Forgets a descriptor that no operation uses any more, before it is closed.
  func forget(_ descriptor: Int32)

  /// Whether there are completions that the loop hasn't taken.
  var hasCompletions: Bool { get }

  /// Whether a small send is cheaper as an operation, handed over with the turn's one system call, than as a call of
  /// its own. Where nothing else is handed over it is not.
  func batchesSend(whileJobsAreReady: Bool) -> Bool

  // MARK: What completes at once

  /// The same for the life of the backend.
  var sockets: any Sockets { get }

  /// The same for the life of the backend.
  var processes: any Processes { get }

  /// The same for the life of the backend.
  var fileSystem: any FileSystem { get }

  /// Whether it takes operations of this kind on files: `.readFile`, `.writeFile`, `.syncFile`.
  func offers(_ kind: OperationKind) -> Bool
}

// What holds for most backends. Their time is the machine's, and an operation needs nothing more than its record. The
// kernel forgets a descriptor by itself, and a turn hands on every completion that it finds.
extension Backend {
  package var signals: SignalCenter { .process }

  package var wallTime: WallTime { SystemCall.wallTime }

  package func openWallClockWatch() -> Int32? {
    let descriptor = asyncio_open_wall_clock_watch()
    return descriptor < 0 ? nil : descriptor
  }

  package func delay(fromForeignClock nanoseconds: Int64) -> Int64 { nanoseconds }

  package func coalesced(_ deadline: Int64, within nanoseconds: Int64) -> Int64 { max(deadline, now + nanoseconds) }

  package func prepare(for kind: OperationKind) throws {}

  package func offers(_ kind: OperationKind) -> Bool { !kind.isOfFile }

  package func forget(_ descriptor: Int32) {}

  package var hasCompletions: Bool { false }

  package func batchesSend(whileJobsAreReady: Bool) -> Bool { false }
}

extension Backend {
  /// Closes a descriptor that no operation uses any more.
  package func close(descriptor: Int32) {
    forget(descriptor)
    sockets.close(descriptor)
  }

  /// Whether a receive would find something now: bytes, the end, or an error; nothing is taken. True where a completion
  /// that the loop hasn't taken may be just that.
  package func isReadable(_ descriptor: Int32) -> Bool { hasCompletions || sockets.isReadable(descriptor) }
}

/// A descriptor with one owner, closed when that lets go of it.
package struct Descriptor: ~Copyable {
  package let number: Int32
  private let backend: any Backend

  package init(_ number: Int32, of backend: any Backend) {
    self.number = number
    self.backend = backend
  }

  deinit { backend.close(descriptor: number) }
}
