// SPDX-License-Identifier: Apache-2.0
// One request and the head of its response.
//
// A server may say something while it is still being sent to. Informational responses change nothing. A final response of
// 300 or more before the whole body was sent is a refusal: nothing more is sent (RFC 9112 section 9.5), and the
// connection ends with the response. Any other goes with the rest of the body: a response counts as a success when
// the server has been given all of the request. One that is longer than a stream holds has to be read meanwhile, so it
// is handed out, and its body ends when both have ended.
//
// A send that fails says only that the server reads no more. Why, it may have said before: so what has arrived is read
// first, and the failure is the last resort.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

extension HTTPConnection {
  /// Bodies up to this size leave in one write with their head.
  private static let smallBody = 16 * 1024
  /// How much of a response may wait while the request is being sent.
  private static let unread = 64 * 1024

  /// Sends a request and returns the head of its response.
  nonisolated(nonsending) func exchange(
    _ request: Request, host: String, phase: inout HTTPError.Phase
  ) async throws -> HTTP1ResponseHead {
    if isReused {
      parser.startNext(respondingTo: request.method)
    } else {
      parser = HTTP1ResponseParser(respondingTo: request.method, limits: limits)
    }
    beginExchange()
    phase = .sending
    output.removeAll(keepingCapacity: true)
    var writer = try HTTP1MessageWriter.request(
      request.method, target: request.url.target, host: host, fields: request.fields,
      framing: request.body.map { .contentLength($0.count) } ?? .none, into: &output)
    requestKeepsAlive = writer.keepsConnectionAlive
    let isLarge = (request.body?.count ?? 0) > Self.smallBody
    if let body = request.body, !isLarge { try writer.write(body, into: &output) }
    do {
      _ = try output.withUnsafeBytes { try transport.write($0) }
      if let body = request.body, isLarge { upload = try Upload(body, on: transport) }
    } catch {
      if transport.outputError == nil { throw error }
    }
    let head = try await receiveHead(request.deadlines, &phase)
    responseKeepsAlive = head.keepsConnectionAlive
    if let upload { try await finish(upload, head, request.deadlines, &phase) }
    return head
  }

  private nonisolated(nonsending) func receiveHead(
    _ deadlines: Deadlines, _ phase: inout HTTPError.Phase
  ) async throws -> HTTP1ResponseHead {
    phase = .waitingForResponse
    while true {
      if transport.unreadCount > 0, let head = try parseHead() { return head }
      if transport.inputIsOver {
        if let error = transport.inputError ?? transport.outputError { throw error }
        _ = try parser.finish()
        preconditionFailure("a response without a head is not complete")
      }
      do {
        try await waitForMovement(deadlines)
      } catch {
        if upload?.isRunning == true || transport.pendingOutput > 0 { phase = .sending }
        throw error
      }
    }
  }

  private func parseHead() throws -> HTTP1ResponseHead? {
    var found: HTTP1ResponseHead?
    let isFirst = !hasReceived
    hasReceived = true
    try transport.withUnread { bytes in
      if isFirst && transport.filter == nil && Self.isTLSRecord(bytes) { throw ServerSpeaksTLS() }
      var offset = 0
      while found == nil, let event = try parser.next(in: bytes, at: &offset) {
        if case .head(let head) = event { found = head }
      }
      return offset
    }
    return found
  }

  /// Whether this begins with a record of TLS 1.x (RFC 8446 section 5.1), such as the alert about a request in plain text.
  private static func isTLSRecord(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 3 && 20...23 ~= bytes[0] && bytes[1] == 3 && bytes[2] <= 4
  }

  /// The head is there, and the body of the request is perhaps not sent.
  private nonisolated(nonsending) func finish(
    _ upload: Upload, _ head: HTTP1ResponseHead, _ deadlines: Deadlines, _ phase: inout HTTPError.Phase
  ) async throws {
    if head.status >= 300 { return upload.stop() }
    phase = .sending
    while upload.isRunning && transport.unreadCount <= Self.unread && transport.inputError == nil {
      try await upload.waitForMovement(until: deadlines.whileIdle(on: transport.loop))
    }
    // A server that says that it closes may have read enough; of another one that is not known.
    guard head.keepsConnectionAlive else { return }
    if case .failed(let error) = upload.state { throw error }
    if upload.isRunning, let error = transport.inputError { throw error }
  }

  /// Waits until something has come, or, while the request is being sent, has left.
  nonisolated(nonsending) func waitForMovement(_ deadlines: Deadlines) async throws {
    let deadline = deadlines.whileIdle(on: transport.loop)
    if let upload, upload.isRunning {
      try await upload.waitForMovement(until: deadline)
    } else {
      try await transport.waitForInput(1, until: deadline)
    }
  }
}

/// A request in plain text was answered with a record of TLS.
struct ServerSpeaksTLS: Error {}
