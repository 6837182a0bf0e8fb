// SPDX-License-Identifier: Apache-2.0
// The body of a request, from the stream's buffer to the handler. While the handler doesn't read, the stream stops
// receiving, and the client has to wait.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

extension HTTP1ServerConnection {
  /// How long the rest of a body that nobody has read may take.
  private static var dropTime: Int64 { 2_000_000_000 }

  /// Waits for a piece of the body and appends it. Returns false at the body's end.
  nonisolated(nonsending) func readBody(_ number: Int, into piece: inout [UInt8]) async throws -> Bool {
    try await transport.loop.spendBudget()
    try expectExchange(number)
    if !hasBegunBody { try beginBody() }
    let before = piece.count
    while !parser.hasEnded {
      if transport.unreadCount > 0 {
        try takeBody(into: &piece)
        if piece.count > before { return true }
        if parser.hasEnded { break }
      }
      if transport.inputIsOver {
        if let error = transport.inputError { throw error }
        keepsAlive = false
        throw HTTPServerError(expiry == nil ? .bodyIncomplete : .bodyTooSlow, requestName)
      }
      flush()
      transport.owesAnswer()
      try await transport.waitForInput(1)
      // Another task of the handler may have ended the exchange meanwhile.
      try expectExchange(number)
    }
    return false
  }

  /// Checks the announced length, and asks for the body if the client waits for that.
  @inline(never)
  private func beginBody() throws {
    guard let head else { return }
    if case .contentLength(let length) = head.framing, let bodyLimit, length > bodyLimit {
      keepsAlive = false
      throw HTTPServerError(.bodyTooLarge(limit: bodyLimit), requestName)
    }
    hasBegunBody = true
    if awaitsContinue(head) && answer == .none {
      if held.isEmpty { held = server.takeBuffer() }
      try HTTP1MessageWriter.informational(status: 100, into: &held)
    }
  }

  /// Whether the client sends its body only when it is asked to.
  private func awaitsContinue(_ head: HTTP1RequestHead) -> Bool {
    !parser.hasEnded && bodyCount == 0 && transport.unreadCount == 0 && head.expectsContinue
  }

  @inline(never)
  private func takeBody(into piece: inout [UInt8]) throws {
    let before = piece.count
    var received: HTTPFields?
    do {
      try transport.withUnread { input in
        var offset = 0
        while let event = try parser.next(in: input, at: &offset) {
          switch event {
          case .body(let range): piece.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[range]))
          case .trailers(let fields): received = fields
          case .head, .end: break
          }
          if parser.hasEnded { break }
        }
        return offset
      }
    } catch let error as HTTP1Error {
      keepsAlive = false
      throw HTTPServerError(.bodyMalformed(error), requestName)
    }
    if let received { trailers = received }
    bodyCount += piece.count - before
    if let bodyLimit, bodyCount > bodyLimit {
      keepsAlive = false
      throw HTTPServerError(.bodyTooLarge(limit: bodyLimit), requestName)
    }
  }

  // MARK: - What nobody reads

  /// Whether the unread rest may be short enough to be dropped, so that the connection can go on.
  func bodyMayBeDropped(_ head: HTTP1RequestHead) -> Bool {
    if !hasBegunBody && awaitsContinue(head) { return false }
    guard case .contentLength(let length) = head.framing else { return true }
    return length - bodyCount <= server.limits.unreadBodySize
  }

  /// Receives and drops the rest of the body, within bounds. Returns whether it is over.
  nonisolated(nonsending) func dropRest() async -> Bool {
    var room = server.limits.unreadBodySize
    let deadline = transport.loop.deadline(after: Self.dropTime)
    do {
      while !parser.hasEnded {
        if transport.unreadCount > 0 {
          try transport.withUnread { input in
            var offset = 0
            while let event = try parser.next(in: input, at: &offset) {
              if case .body(let range) = event { room -= range.count }
              if parser.hasEnded { break }
            }
            return offset
          }
          if room < 0 { return false }
          continue
        }
        if transport.inputIsOver { return false }
        flush()
        try await transport.waitForInput(1, until: deadline)
      }
      return true
    } catch { return false }
  }
}
