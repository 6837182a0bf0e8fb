// SPDX-License-Identifier: Apache-2.0
// One connection and what is used again from request to request: the parser and the memory that requests are written
// into. A request leaves in one write; a response is parsed where the stream has put it.
//
// Everything here belongs to the loop's thread.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

final class HTTPConnection {
  private let handle: StreamHandle
  let transport: StreamTransport
  private let limits: HTTP1Limits
  @exclusivity(unchecked) private var parser: HTTP1ResponseParser
  @exclusivity(unchecked) private var output: [UInt8] = []
  /// Whether it has carried a request before this one, so that the server may have closed it meanwhile.
  var isReused = false
  /// Whether a byte of the response has arrived.
  private(set) var hasReceived = false
  /// Whether the whole request was sent.
  private var sentAll = false
  /// When it became idle.
  var idleSince: Int64 = 0

  /// Bodies up to this size leave in one write with their head.
  private static let smallBody = 16 * 1024
  /// What is written of a larger one at a time.
  private static let piece = 256 * 1024

  init(_ handle: StreamHandle, limits: HTTP1Limits) {
    self.handle = handle
    transport = handle.transport
    parser = HTTP1ResponseParser(respondingTo: .get, limits: limits)
    self.limits = limits
  }

  /// Whether an idle connection can take a request: neither ended nor sent anything that nobody asked for.
  var isUsable: Bool { !transport.inputIsOver && transport.unreadCount == 0 && !transport.isClosing }

  // MARK: - The request

  /// Sends a request and returns the head of its response.
  nonisolated(nonsending) func exchange(
    _ request: Request, host: String, phase: inout HTTPError.Phase
  ) async throws -> HTTP1ResponseHead {
    hasReceived = false
    sentAll = false
    if isReused {
      parser.startNext(respondingTo: request.method)
    } else {
      parser = HTTP1ResponseParser(respondingTo: request.method, limits: limits)
    }
    phase = .sending
    output.removeAll(keepingCapacity: true)
    var writer = try HTTP1MessageWriter.request(
      request.method, target: request.url.target, host: host, fields: request.fields,
      framing: request.body.map { .contentLength($0.count) } ?? .none, into: &output)
    if let body = request.body, body.count > Self.smallBody {
      try await send(body, request.deadlines)
    } else {
      if let body = request.body { try writer.write(body, into: &output) }
      if try output.withUnsafeBytes({ try transport.write($0) }) {
        try await transport.waitForOutput(until: request.deadlines.whileIdle(on: transport.loop))
      }
      sentAll = true
    }
    phase = .waitingForResponse
    return try await receiveHead(request.deadlines)
  }

  /// A server may answer before it has read all, and close: then its answer counts, and the rest is not sent.
  private nonisolated(nonsending) func send(_ body: [UInt8], _ deadlines: Deadlines) async throws {
    do {
      _ = try output.withUnsafeBytes { try transport.write($0) }
      var start = 0
      while start < body.count {
        if transport.unreadCount > 0 || transport.inputIsOver { return }
        let end = min(start + Self.piece, body.count)
        let isFull = try body.withUnsafeBytes {
          try transport.write(UnsafeRawBufferPointer(rebasing: $0[start..<end]))
        }
        start = end
        if isFull { try await transport.waitForOutput(until: deadlines.whileIdle(on: transport.loop)) }
      }
      sentAll = true
    } catch let error as SystemError {
      if transport.unreadCount == 0 { throw error }
    }
  }

  // MARK: - The response

  private nonisolated(nonsending) func receiveHead(_ deadlines: Deadlines) async throws -> HTTP1ResponseHead {
    while true {
      if transport.unreadCount > 0, let head = try parseHead() { return head }
      if transport.inputIsOver {
        if let error = transport.inputError { throw error }
        _ = try parser.finish()
        preconditionFailure("a response without a head is not complete")
      }
      try await transport.waitForInput(1, until: deadlines.whileIdle(on: transport.loop))
    }
  }

  private func parseHead() throws -> HTTP1ResponseHead? {
    hasReceived = true
    var found: HTTP1ResponseHead?
    try transport.withUnread { bytes in
      var offset = 0
      while found == nil, let event = try parser.next(in: bytes, at: &offset) {
        if case .head(let head) = event { found = head }
      }
      return offset
    }
    return found
  }

  /// Takes what has arrived of the body. Returns whether that was the end.
  func takeBody(into bytes: inout [UInt8]) throws -> Bool {
    var ended = false
    try transport.withUnread { input in
      var offset = 0
      while let event = try parser.next(in: input, at: &offset) {
        switch event {
        case .body(let range):
          let part = UnsafeRawBufferPointer(rebasing: input[range])
          if bytes.isEmpty { bytes = [UInt8](part) } else { bytes.append(contentsOf: part) }
        case .end: ended = true
        case .head, .informational, .trailers: break
        }
      }
      return offset
    }
    if !ended && transport.unreadCount == 0 && transport.inputIsOver {
      if let error = transport.inputError { throw error }
      ended = try parser.finish() != nil
    }
    return ended
  }

  nonisolated(nonsending) func waitForBody(_ deadlines: Deadlines) async throws {
    try await transport.waitForInput(1, until: deadlines.whileIdle(on: transport.loop))
  }

  /// Whether another request may follow a complete response with this head.
  func canBeUsedAgain(after head: HTTP1ResponseHead) -> Bool { head.keepsConnectionAlive && sentAll && isUsable }

  // MARK: - The end

  func close() { transport.close() }

  /// Also gives up what was not sent.
  func abort() { transport.abort() }
}
