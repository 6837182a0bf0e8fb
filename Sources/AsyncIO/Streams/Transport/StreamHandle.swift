// SPDX-License-Identifier: Apache-2.0
// What a reader and a writer of one connection share besides the transport: the duty to close it. The operations in
// flight keep the transport, so its own deinit would never come; when the last of reader and writer is gone, nobody can
// ask anything of it any more, and it is closed.

import AsyncIOCore

package final class StreamHandle: @unchecked Sendable {
  // Sendable: the transport is used only on its loop's thread, which every call checks.
  package let transport: StreamTransport

  init(_ transport: StreamTransport) { self.transport = transport }

  package var isCurrent: Bool { transport.loop.isCurrent }

  /// The same for what waits.
  package func isCurrent(for isolation: (any Actor)?) -> Bool { transport.loop.isCurrent(for: isolation) }

  /// From any thread.
  func abort() {
    if isCurrent {
      transport.abort()
    } else {
      transport.loop.postFromAnywhere { [self] _ in transport.abort() }
    }
  }

  deinit {
    let loop = transport.loop
    if loop.isCurrent {
      transport.closeForgotten()
    } else if !loop.isClosed {
      let box = UncheckedBox(transport)
      loop.postFromAnywhere { _ in box.value.closeForgotten() }
    }
  }

  /// Runs the body on the loop that the stream belongs to. Never inlined: what it needs on the way would be in the
  /// frame of every read that waits.
  /// Benchmark: idle.
  @inline(never)
  package func onLoop<Result>(
    _ body: sending (StreamTransport) async throws -> sending Result
  ) async throws -> sending Result {
    try await transport.loop.hop(with: transport, body)
  }
}
