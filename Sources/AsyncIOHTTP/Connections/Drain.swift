// SPDX-License-Identifier: Apache-2.0
// Receives and discards the rest of an unwanted body if it is short, so that its connection serves the next request. To
// close instead would cost a connection for each response of which only the status is wanted, and a reset at the
// server. Bytes and time are limited: a server that takes longer loses its connection.
//
// Everything here belongs to the loop's thread. The transport holds the drain until it is over.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

final class Drain: StreamConsumer {
  /// The most bytes to receive and discard.
  static let limit = 64 * 1024

  private let connection: HTTPConnection
  private let pool: OriginPool
  private let head: HTTP1ResponseHead
  @exclusivity(unchecked) private var room = Drain.limit
  @exclusivity(unchecked) private var timer: TimerHandle?
  @exclusivity(unchecked) private var isOver = false

  /// Returns the connection to its pool once the body is complete. Closes it at once if the rest is too long to wait
  /// for.
  static func start(_ connection: HTTPConnection, of pool: OriginPool, after head: HTTP1ResponseHead) {
    let limit = pool.unreadBodyTimeLimit
    let drain = Drain(connection, pool, head)
    guard limit > .zero, connection.isWorthDraining(after: head),
      (try? connection.transport.install(drain, for: "drain")) != nil
    else {
      connection.abort()
      return pool.lost()
    }
    pool.draining += 1
    drain.timer = connection.transport.loop.callLater(limit) { drain.end(isComplete: false) }
    drain.inputChanged()
  }

  private init(_ connection: HTTPConnection, _ pool: OriginPool, _ head: HTTP1ResponseHead) {
    self.connection = connection
    self.pool = pool
    self.head = head
  }

  private func end(isComplete: Bool) {
    guard !isOver else { return }
    isOver = true
    timer?.cancel()
    timer = nil
    connection.transport.removeConsumer()
    pool.draining -= 1
    if isComplete {
      pool.release(connection, reusable: connection.canBeUsedAgain(after: head))
    } else {
      connection.abort()
      pool.lost()
    }
  }

  // MARK: - StreamConsumer

  func received(_ bytes: UnsafeRawBufferPointer) -> Int { 0 }

  func inputChanged() {
    guard !isOver else { return }
    var bytes: [UInt8] = []
    do {
      let isComplete = try connection.takeBody(into: &bytes)
      room -= bytes.count
      if isComplete || room < 0 { end(isComplete: isComplete) }
    } catch {
      end(isComplete: false)
    }
  }

  func outputChanged() {}

  func closed() { end(isComplete: false) }
}
