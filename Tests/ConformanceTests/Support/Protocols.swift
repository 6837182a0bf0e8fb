// SPDX-License-Identifier: Apache-2.0

import AsyncIO

/// A test's references to a protocol's parts.
final class Kept: @unchecked Sendable {
  // Sendable: used on one loop only.
  var transport: Transport?
  var bytes: [UInt8] = []
}

final class Echo: StreamProtocol {
  private var transport: Transport?
  private let lost: Future<Void>

  init(_ lost: Future<Void> = Future()) { self.lost = lost }

  func connectionMade(_ transport: Transport) { self.transport = transport }
  func dataReceived(_ data: Span<UInt8>) { transport?.write(data) }
  func pauseWriting() { transport?.pauseReading() }
  func resumeWriting() { transport?.resumeReading() }
  func connectionLost(_ error: (any Error)?) { lost.trySetResult(()) }
}

final class Collector: BufferedProtocol {
  private let room: Int
  private var buffer: [UInt8] = []
  private var count = 0
  private let whole: Future<[UInt8]>

  init(room: Int, _ whole: Future<[UInt8]>) {
    self.room = room
    self.whole = whole
  }

  func getBuffer(sizeHint: Int, _ receive: (inout OutputSpan<UInt8>) -> Void) {
    if room > 0 { buffer.append(addingCapacity: room) { receive(&$0) } }
  }

  func bufferUpdated(_ count: Int) {
    self.count += count
    precondition(buffer.count == self.count, "\(count) bytes were announced")
  }

  func connectionLost(_ error: (any Error)?) {
    if let error { whole.trySetException(error) } else { whole.trySetResult(buffer) }
  }
}
