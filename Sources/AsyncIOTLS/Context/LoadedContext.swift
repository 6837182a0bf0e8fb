// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore
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

extension TLSConfiguration {
  /// Loads what isn't loaded yet, on another thread: OpenSSL takes 20 ms for the system's roots. In virtual time the
  /// loop loads it itself, so that no other thread affects the order of events.
  package nonisolated(nonsending) func load(on loop: EventLoop, until deadline: Int64 = .max) async throws {
    if isLoaded { return }
    if loop.backendKind == .virtual { return try load() }
    try await loop.runBlocking(WaitReason("load a TLS configuration"), until: deadline) {
      Result { try self.load() }
    }.get()
  }
}
