// SPDX-License-Identifier: Apache-2.0

import AsyncIO

/// Logs the calls of its transport, and also does what a test specifies.
final class RecordingProtocol: StreamProtocol {
  struct Script: Sendable {
    var made: @Sendable (Transport) -> Void = { _ in }
    var received: @Sendable (Transport, [UInt8]) throws -> Void = { _, _ in }
    var ended: @Sendable (Transport) throws -> Bool = { _ in false }
    var paused: @Sendable (Transport) -> Void = { _ in }
    var resumed: @Sendable (Transport) -> Void = { _ in }
  }

  private let log: Log
  private let script: Script
  private let lost: Future<Void>
  private var transport: Transport?

  init(_ log: Log, lost: Future<Void> = Future(), _ script: Script = Script()) {
    self.log = log
    self.lost = lost
    self.script = script
  }

  func connectionMade(_ transport: Transport) {
    self.transport = transport
    log.append("made")
    script.made(transport)
  }

  func dataReceived(_ data: Span<UInt8>) throws {
    log.append("data \(data.count < 100 ? String(decoding: data, as: UTF8.self) : "\(data.count) bytes")")
    if let transport { try script.received(transport, [UInt8](copying: data)) }
  }

  func eofReceived() throws -> Bool {
    log.append("eof")
    return try transport.map(script.ended) ?? false
  }

  func connectionLost(_ error: (any Error)?) {
    log.append(error.map { "lost: \($0)" } ?? "lost")
    _ = lost.trySetResult(())
    transport = nil
  }

  func pauseWriting() {
    log.append("pause")
    transport.map(script.paused)
  }

  func resumeWriting() {
    log.append("resume")
    transport.map(script.resumed)
  }
}
