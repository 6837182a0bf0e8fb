// SPDX-License-Identifier: Apache-2.0
// A machine can run out of threads (RLIMIT_NPROC, a cgroup's limit, a sandbox that denies clone, no memory for a
// stack). Then the call that needed a thread fails, but never the process.

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

  /// Starts a thread that is not joined.
  ///
  /// - Throws: `SystemError` if the system can't start a thread; mostly EAGAIN, see pthread_create(3).
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

/// Starts a thread where failure is not an option: without one it ends the process with a sentence.
package func startThread(name: String, _ body: @escaping @Sendable () -> Void) {
  do { try DetachedThread.start(name: name, body) } catch { fatalError("no thread could be started: \(error)") }
}
