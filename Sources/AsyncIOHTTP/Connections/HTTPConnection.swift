// SPDX-License-Identifier: Apache-2.0
// One connection, and all that its requests reuse: the parser, and the memory that requests are written into. A request
// leaves in one write, including its body if that is small. A response is parsed in place in the stream's buffer. See
// HTTPConnection+Exchange for how the two directions interact.
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
  /// The upload of the request's body, if the body is large.
  @exclusivity(unchecked) var upload: Upload?
  /// Whether the request allows the connection to stay open.
  var requestKeepsAlive = true
  /// Whether the response's head allows that.
  var responseKeepsAlive = true
  /// How many bytes of the body have been taken.
  private(set) var bodyCount = 0
  /// Whether an earlier request used this connection, so that the server may have closed it since.
  var isReused = false
  /// Whether any byte of the response has arrived.
  var hasReceived = false
  /// When the connection became idle.
  var idleSince: Int64 = 0

  init(_ handle: StreamHandle, limits: HTTP1Limits) {
    self.handle = handle
    transport = handle.transport
    parser = HTTP1ResponseParser(respondingTo: .get, limits: limits)
    self.limits = limits
  }

  // MARK: - Idle

  /// Whether an idle connection can take a request, as far as the loop knows: the peer has neither closed it nor sent
  /// unrequested bytes.
  var isUsable: Bool {
    !transport.inputIsOver && transport.unreadCount == 0 && !transport.isClosing && transport.outputError == nil
  }

  /// Whether an idle connection can take a request, as far as the kernel knows. Bytes that came while the loop was busy
  /// would be mistaken for the next response: an unrequested 408, or a surplus response. The end of the connection
  /// would fail the request. With TLS the bytes may be just a session ticket, so the loop processes them first.
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

  /// Whether the rest of the response's body may be short, and the connection usable afterwards.
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

  /// Takes the part of the body that has arrived. Returns whether both the response and the request are complete.
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
        // After a failed send the end may be a reset's. Then a body without a length may be incomplete.
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

  /// Ends the connection, and discards unsent bytes.
  func abort() { transport.abort() }
}
