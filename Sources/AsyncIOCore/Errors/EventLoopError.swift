// SPDX-License-Identifier: Apache-2.0

/// Why a loop refused a call.
public enum EventLoopError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The calling thread has no loop.
  case noRunningLoop
  /// `EventLoop.run` was called where a loop already runs.
  case alreadyRunning
  /// `EventLoop.run` was called inside a task, where a wait would block its executor.
  case calledFromTask
  /// `EventLoop.run` was called on a thread other than the main one.
  case notOnMainThread
  /// `stop` ended the loop before its body returned.
  case stopped
  /// Ctrl-C, or another signal of `stopsOn`, ended the body.
  case interrupted
  /// The loop was closed.
  case closed
  /// Another library has installed a main executor after this one, so a test's loop can't run the main actor's code.
  case mainActorUnavailable
  /// `AIO_BACKEND` or the caller asked for a backend that is unavailable on this machine.
  case backendUnavailable(BackendKind, reason: String)
  /// `AIO_BACKEND` has a value that does not name a backend.
  case unknownBackend(String)

  /// One line that names the reason.
  public var description: String {
    switch self {
    case .noRunningLoop: "no event loop runs on this thread"
    case .alreadyRunning:
      "EventLoop.run: a loop runs on this thread already; await the work here instead of running a second loop"
    case .calledFromTask:
      "EventLoop.run: called inside a task; await the work here, or make main synchronous and call run there"
    case .notOnMainThread: "EventLoop.run: the body runs on the main actor, so call it on the main thread"
    case .stopped: "EventLoop.run: the loop was stopped before its body was done"
    case .interrupted: "EventLoop.run: interrupted by a signal"
    case .closed: "the event loop is closed"
    case .mainActorUnavailable:
      "a test's loop can't run the main actor: another library has installed its own main executor in this process"
    case .backendUnavailable(let kind, let reason): "backend \(kind): not available here: \(reason)"
    case .unknownBackend(let name): "AIO_BACKEND=\(name): no such backend; it is io_uring or epoll"
    }
  }
}
