// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The context that a configuration and its copies share, made on first use. A failure is not kept, so that the user
/// can repair a file and try again.
final class LoadedContext: Sendable {
  private let made = Mutex<TLSContext?>(nil)

  /// Whether the context exists. Never waits: false while another thread is loading.
  var isMade: Bool { made.withLockIfAvailable { $0 != nil } ?? false }

  func context(_ settings: TLSConfiguration.Settings) throws -> TLSContext {
    try made.withLock { made in
      if let made { return made }
      let context = try TLSContext(settings)
      made = context
      return context
    }
  }
}
