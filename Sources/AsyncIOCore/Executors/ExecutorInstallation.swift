// SPDX-License-Identifier: Apache-2.0
// Which of the process's executors are this library's. They are installed once each, and for good: whatever runs was
// made with them. The runtime can only install both at once, so who wants the default one has to leave a main one that
// is ours already in its place.

import Synchronization

enum ExecutorInstallation {
  private enum Installed {
    case nothing, router, routerAndMain
  }

  private static let installed = Mutex(Installed.nothing)
  private static let mainThread = Atomic<Bool>(false)

  /// The router becomes the default executor; the main actor stays where it is.
  static func ensureRouter() {
    installed.withLock { installed in
      guard installed == .nothing else { return }
      installCancellationCallback()
      RuntimeExecutors.takeOverDefault()
      installed = .router
    }
  }

  /// The main actor's jobs go to the loop of `EventLoop.run`, too.
  static func ensureRouterAndMain() {
    mainThread.store(true, ordering: .sequentiallyConsistent)
    ensureOurs()
  }

  /// The main actor's jobs can stay on a loop of a test, and all others go where they went before.
  ///
  /// - Throws: `EventLoopError.mainActorUnavailable` if somebody else's executor has taken the place of ours.
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

  /// Whether the main thread is that of `EventLoop.run`.
  static var ownsMainThread: Bool { mainThread.load(ordering: .relaxed) }
}
