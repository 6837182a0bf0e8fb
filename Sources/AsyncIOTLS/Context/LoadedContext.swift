// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a configuration and its copies share: the context made of it, once somebody needs it. A failure isn't kept, so
/// that a file can be put right.
final class LoadedContext: Sendable {
  private let made = Mutex<TLSContext?>(nil)

  /// Without waiting for another thread that is loading.
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
