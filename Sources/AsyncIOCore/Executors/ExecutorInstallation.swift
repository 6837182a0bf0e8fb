// SPDX-License-Identifier: Apache-2.0
// Keeps track of which of the process's executors are this library's. Each is installed once and for good: running code
// was made with it. The runtime can only install both at once. So installing the default one keeps a main executor of
// ours that is already there.

import Synchronization

enum ExecutorInstallation {
  private enum Installed {
    case nothing, router, routerAndMain
  }

  private static let installed = Mutex(Installed.nothing)
  private static let mainThread = Atomic<Bool>(false)

  /// Makes the router the default executor; the main actor stays where it is.
  static func ensureRouter() {
    installed.withLock { installed in
      guard installed == .nothing else { return }
      installCancellationCallback()
      RuntimeExecutors.takeOverDefault()
      installed = .router
    }
  }

  /// Makes the main actor's jobs go to the loop of `EventLoop.run`, too.
  static func ensureRouterAndMain() {
    mainThread.store(true, ordering: .sequentiallyConsistent)
    ensureOurs()
  }

  /// Allows the main actor's jobs to stay on a test's loop; all others go where they went before.
  ///
  /// - Throws: `EventLoopError.mainActorUnavailable` if another library's executor has replaced ours.
  static func ensureSharedMain() throws {
    ensureOurs()
    guard RuntimeExecutors.hasMainActor else { throw EventLoopError.mainActorUnavailable }
  }

  private static func ensureOurs() {
    installed.withLock { installed in
      guard installed != .routerAndMain else { return }
      if installed == .nothing { installCancellationCallback() }
      RuntimeExecutors.takeOverMainAndDefault()
      installed = .routerAndMain
    }
  }

  /// Whether the main thread runs `EventLoop.run`.
  static var ownsMainThread: Bool { mainThread.load(ordering: .relaxed) }
}
