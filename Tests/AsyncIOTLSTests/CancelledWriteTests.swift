// SPDX-License-Identifier: Apache-2.0
// Cancelled writes over TLS. A record that was encrypted must be sent, whole and in its order: otherwise the peer
// rejects the next one. So a cancellation may only take back what is not encrypted yet.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Synchronization
import TestSupport
import Testing

@testable import AsyncIOTLS

@Suite("Cancelled writes over TLS", .timeLimit(.minutes(2))) struct CancelledTLSWriteTests {
  @Test(arguments: BackendKind.all, TLSVersion.all)
  func `arrive whole or not at all, once and in order, both ways at once`(
    backend: BackendKind, version: TLSVersion
  ) async throws {
    try await withTLSStreams(backend: backend, version: version) { near, far in
      let (up, down) = (WriteLedger(), WriteLedger())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, (from, ledger, to)) in [(near, up, far), (far, down, near)].enumerated() {
          let seed = UInt64(index + 1)
          group.addTask {
            try await ledger.writeFromEverywhere(from, seed: seed)
            try await from.writeEOF()
          }
          group.addTask { try await ledger.readAll(to, SeededRandom(seed: seed)) }
        }
        try await group.waitForAll()
      }
      for ledger in [up, down] {
        #expect(ledger.fault == nil)
        #expect(ledger.missing.isEmpty, "were written and have not arrived: \(ledger.missing)")
        // Otherwise the test would prove nothing.
        #expect(ledger.cancelled > 10 && ledger.cancelledAndArrived > 10)
      }
    }
  }

  @Test(arguments: BackendKind.all, TLSVersion.all)
  func `and before an abort they are a beginning of that`(backend: BackendKind, version: TLSVersion) async throws {
    try await withTLSStreams(backend: backend, version: version) { near, far in
      let ledger = WriteLedger()
      let reading = Task { try await ledger.readAll(far, SeededRandom(seed: 3)) }
      let writing = Task { try await ledger.writeFromEverywhere(near, seed: 3) }
      try await turns { ledger.arrived > 20 }
      near.abort()
      _ = await writing.result
      // The peer sees a reset, or an end without close_notify.
      _ = await reading.result
      #expect(ledger.fault == nil)
    }
  }

  @Test(arguments: BackendKind.all)
  func `while other connections of the same server do so, too`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startEcho()
      let ledgers = (0..<4).map { _ in WriteLedger() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, ledger) in ledgers.enumerated() {
          let seed = UInt64(index + 1)
          group.addTask {
            let stream = try await connect(server.port)
            let reading = Task { try await ledger.readAll(stream, SeededRandom(seed: seed)) }
            try await ledger.writeFromEverywhere(stream, seed: seed)
            try await stream.writeEOF()
            try await reading.value
            try await stream.close()
            #expect(ledger.fault == nil && ledger.missing.isEmpty)
          }
        }
        try await group.waitForAll()
      }
      // Otherwise the test would prove nothing.
      let (cancelled, arrived) = ledgers.reduce((0, 0)) { ($0.0 + $1.cancelled, $0.1 + $1.cancelledAndArrived) }
      #expect(cancelled > 10 && arrived > 10)
      try await server.stop()
    }
  }

  private func withTLSStreams(
    backend: BackendKind, version: TLSVersion,
    _ body: @escaping @Sendable (_ near: ByteStream, _ far: ByteStream) async throws -> Void
  ) async throws {
    try await withEventLoop(backend: backend) {
      let arrived = Queue<ByteStream>(maxSize: 1)
      let server = try await startServer(host: "127.0.0.1", port: 0, tls: .showing("server")) { stream in
        try await arrived.put(stream)
      }
      let near = try await connect(server.port, .trusting().with { $0.maximumVersion = version })
      let far = try await arrived.get()
      server.close()
      #expect(near.tls?.version == version)
      try await body(near, far)
      near.abort()
      far.abort()
    }
  }
}

extension TLSVersion {
  fileprivate static let all: [TLSVersion] = [.tls12, .tls13]
}
