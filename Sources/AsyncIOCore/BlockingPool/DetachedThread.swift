// SPDX-License-Identifier: Apache-2.0
// A machine can be out of threads (RLIMIT_NPROC, a cgroup's limit, a sandbox that denies clone, no memory for a stack).
// That ends the call that needed one, and never the process.

import CLinux
import Glibc

package enum DetachedThread {
  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts a thread that nobody joins.
  ///
  /// - Throws: `SystemError` if the system has no thread to give: EAGAIN mostly, see pthread_create(3).
  package static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var thread = pthread_t()
    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
    let result = unsafe pthread_create(
      &thread, nil,
      { argument in
        let start = unsafe Unmanaged<Start>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue()
        unsafe asyncio_set_thread_name(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard result == 0 else {
      unsafe start.release()
      throw SystemError("pthread_create", name, code: SystemError.Code(rawValue: result))
    }
    pthread_detach(thread)
  }
}

/// The same where nothing else can be done: ends the process with a sentence if there is no thread.
package func startThread(name: String, _ body: @escaping @Sendable () -> Void) {
  do { try DetachedThread.start(name: name, body) } catch { fatalError("no thread could be started: \(error)") }
}
