// SPDX-License-Identifier: Apache-2.0
// One connection and what is used again from request to request: the parser and the memory that requests are written
// into. A request leaves in one write, with its body if that is small; a response is parsed where the stream has put it.
// See HTTPConnection+Exchange for how the two go together.
//
// Everything here belongs to the loop's thread.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

final class HTTPConnection {
  private let handle: StreamHandle
  let transport: StreamTransport
  let limits: HTTP1Limits
  @exclusivity(unchecked) var parser: HTTP1ResponseParser
  @exclusivity(unchecked) var output: [UInt8] = []
  /// The request's body, if it is large.
  @exclusivity(unchecked) var upload: Upload?
  /// Whether the request left the connection open.
  var requestKeepsAlive = true
  /// What the head of the response says.
  var responseKeepsAlive = true
  /// How much of the body has been taken.
  private(set) var bodyCount = 0
  /// Whether it has carried a request before this one, so that the server may have closed it meanwhile.
  var isReused = false
  /// Whether a byte of the response has arrived.
  var hasReceived = false
  /// When it became idle.
  var idleSince: Int64 = 0

  init(_ handle: StreamHandle, limits: HTTP1Limits) {
    self.handle = handle
    transport = handle.transport
    parser = HTTP1ResponseParser(respondingTo: .get, limits: limits)
    self.limits = limits
  }

  // MARK: - Idle

  /// As far as the loop knows, whether an idle connection can take a request: it has neither ended nor sent anything that
  /// nobody asked for.
  var isUsable: Bool {
    !transport.inputIsOver && transport.unreadCount == 0 && !transport.isClosing && transport.outputError == nil
  }

  /// The same as far as the kernel knows. What came while the loop was busy would pass for the response to the next
  /// request: an unasked 408, or one response too many; and the end of the connection would fail the request. With TLS it
  /// may be no more than a session ticket, so the loop takes it in first.
  nonisolated(nonsending) func takesRequest() async -> Bool {
    var turns = 0
    while isUsable {
      if !transport.hasUnreceived { return true }
      if turns == 3 { return false }
      turns += 1
      await transport.loop.yield()
    }
    return false
  }

  /// Whether another request may follow a complete response with this head.
  func canBeUsedAgain(after head: HTTP1ResponseHead) -> Bool {
    head.keepsConnectionAlive && requestKeepsAlive && sentAll && isUsable
  }

  /// Whether the rest of the response's body may be short, and the connection of use after it.
  func isWorthDraining(after head: HTTP1ResponseHead) -> Bool {
    guard head.keepsConnectionAlive && requestKeepsAlive && sentAll, !transport.inputIsOver else { return false }
    guard case .contentLength(let length) = head.framing else { return true }
    return length - bodyCount <= Drain.limit
  }

  private var sentAll: Bool {
    guard let upload else { return true }
    return if case .done = upload.state { true } else { false }
  }

  // MARK: - The body of the response

  func beginExchange() {
    hasReceived = false
    upload = nil
    bodyCount = 0
  }

  /// Takes what has arrived of the body. Returns whether that was the end of the response, and of the request, too.
  func takeBody(into bytes: inout [UInt8]) throws -> Bool {
    if !parser.hasEnded {
      let before = bytes.count
      try transport.withUnread { input in
        var offset = 0
        while let event = try parser.next(in: input, at: &offset) {
          guard case .body(let range) = event else { continue }
          let part = UnsafeRawBufferPointer(rebasing: input[range])
          if bytes.isEmpty { bytes = [UInt8](part) } else { bytes.append(contentsOf: part) }
        }
        return offset
      }
      bodyCount += bytes.count - before
      if !parser.hasEnded && transport.unreadCount == 0 && transport.inputIsOver {
        // After a failed send the end may be that of a reset: then a body without a length is not known to be whole.
        if let error = transport.inputError ?? transport.outputError { throw error }
        _ = try parser.finish()
      }
    }
    guard parser.hasEnded else { return false }
    if case .running? = upload?.state { return false }
    if case .failed(let error)? = upload?.state, responseKeepsAlive { throw error }
    return true
  }

  nonisolated(nonsending) func waitForBody(_ deadlines: Deadlines) async throws { try await waitForMovement(deadlines) }

  // MARK: - The end

  func close() { transport.close() }

  /// Also gives up what was not sent.
  func abort() { transport.abort() }
}
