// SPDX-License-Identifier: Apache-2.0
// The sending side of a datagram socket, and its waits for room.

import AsyncIOCore
import Glibc

extension DatagramTransport {
  /// Sends a datagram. Returns false if the kernel has no room for it now.
  package func trySend(_ bytes: UnsafeRawBufferPointer, to target: SocketAddress?) throws -> Bool {
    try throwError()
    let result = unsafe loop.sockets.send(datagram: bytes, to: target, from: number)
    hasNoBuffers = result == SystemError.Code.noBufferSpace.result
    if result >= 0 {
      shortages.reset()
      counters.addSent(1, bytes: bytes.count)
      return true
    }
    let code = SystemError.Code(rawValue: Int32(-result))
    if code.isTemporary { return false }
    throw sendError(code, length: bytes.count, to: target)
  }

  /// Sends the datagrams at the front of a row, as many as there is room for, and removes them. Returns whether all
  /// have left.
  func trySend(_ row: inout DatagramStore) throws -> Bool {
    while !row.isEmpty {
      try throwError()
      let result = unsafe row.withDatagrams { entries, bytes in
        unsafe loop.sockets.send(datagrams: entries, of: bytes, segmenting: segments, from: number)
      }
      hasNoBuffers = result == SystemError.Code.noBufferSpace.result
      if result > 0 {
        shortages.reset()
        counters.addSent(result, bytes: row.byteCount(ofFirst: result))
        row.removeFirst(result)
        continue
      }
      let code = SystemError.Code(rawValue: Int32(-result))
      if code.isTemporary { return false }
      if segments && code.mayBeOfSegmenting {
        // Now one by one. If that succeeds it stays so: the path doesn't support rows.
        segments = false
        let first = row[0]
        do {
          let isSent = try unsafe row.bytes(of: first).withUnsafeBytes { try unsafe trySend($0, to: first.peer) }
          if !isSent { return false }
          row.removeFirst()
          continue
        } catch {
          segments = true
          throw error
        }
      }
      throw sendError(code, length: row[0].length, to: row[0].peer)
    }
    return true
  }

  private func sendError(_ code: SystemError.Code, length: Int, to target: SocketAddress?) -> SystemError {
    if code.isOfNetwork { counters.addError() }
    let target = (target ?? peer)?.description ?? "nobody"
    return SystemError("send", "\(length) byte\(length == 1 ? "" : "s") to \(target)", code: code)
  }

  /// Waits until there may be room again.
  package nonisolated(nonsending) func waitForRoom(until deadline: Int64 = .max) async throws {
    // Linux always reports a Unix socket without a peer as writable: only the attempt shows whether the receiver has
    // room (unix_dgram_poll). A socket's own room also doesn't show when the interface's queue is full (ENOBUFS). In
    // both cases only waiting for time to pass helps.
    let isByTime = peer == nil && local.family == .unix || hasNoBuffers
    let wait = loop.beginWait(WaitReason("send to", on: self))
    let place = senders.join(wait)
    if !isByTime { startPolling() }
    let next = isByTime ? loop.backend.now + 1_000_000 : deadline
    let outcome = await loop.wait(wait, until: min(next, deadline))
    senders.leave(place)
    if outcome != .deadlinePassed || next >= deadline { try outcome.check() }
  }

  private func startPolling() {
    guard state == .open, polling == nil else { return }
    polling = loop.poll(number, events: UInt32(POLLOUT), sink: self)
  }

  func polled(_ operation: OperationID, _ completion: Completion) {
    if completion.isLast { polling = nil }
    if completion.result < 0, completion.result != SystemError.Code.canceled.result, state == .open {
      fail(SystemError("poll", waitDescription, result: completion.result))
    }
    if completion.isLast && pollingIsEnding {
      pollingIsEnding = false
      if !senders.isEmpty { startPolling() }
    } else if !pollingIsEnding {
      wakeSenders()
      if !completion.isLast {
        pollingIsEnding = true
        loop.cancel(operation)
      }
    }
    closeIfIdle()
  }

  private func wakeSenders() {
    for wait in senders.takeAll() { loop.resume(wait) }
  }
}
