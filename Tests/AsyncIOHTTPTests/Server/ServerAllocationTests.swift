// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOHTTP
import AsyncIOTesting
import CAllocationCounter
import TestSupport
import Testing

@Suite("Allocations of the server", .timeLimit(.minutes(1))) struct ServerAllocationTests {
  private static let many = 1000
  /// Without optimization, frames of async functions don't fit into the memory of a task, and values are boxed.
  private static let most = isOptimized ? 2 : 17

  private static var isOptimized: Bool {
    var isDebug = false
    assert(
      {
        isDebug = true
        return true
      }())
    return !isDebug
  }

  @Test(arguments: BackendKind.real)
  func `are the two arrays of a head, for a request on a kept connection`(backend: BackendKind) async throws {
    let counts = Counts()
    try await withHTTPServer(backend, handler: { try await $1.send("Hello, World!") }) { server in
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      let request = Array("GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nUser-Agent: test\r\n\r\n".utf8)
      try await stream.write(request)
      let length = try await stream.read(upTo: 1000).count
      var answer: [UInt8] = []
      for round in 0..<(2 * Self.many) {
        if round == Self.many { allocation_count_begin() }
        try await stream.write(request)
        var received = 0
        while received < length { received += try await stream.read(into: &answer) }
      }
      counts.set(allocation_count_end())
      try await stream.close()
    }
    // The client's part allocates nothing, as the tests of streams show.
    #expect(counts.value < Self.most * Self.many + 50, "\(Double(counts.value) / Double(Self.many)) for a request")
  }
}

private final class Counts: @unchecked Sendable {
  // Sendable: written by the loop of one test, and read after its end.
  private(set) var value = 0
  func set(_ count: Int) { value = count }
}
