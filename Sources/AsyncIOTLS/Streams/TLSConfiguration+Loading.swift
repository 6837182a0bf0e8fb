// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

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
