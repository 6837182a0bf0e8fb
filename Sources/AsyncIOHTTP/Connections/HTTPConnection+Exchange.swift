// SPDX-License-Identifier: Apache-2.0
// One request and the head of its response.
//
// A server may respond while we are still sending. Informational responses change nothing. A final response of 300 or
// more before the whole body was sent is a refusal. We send nothing more (RFC 9112 section 9.5), and the connection
// ends with the response. With any other status we send the rest: a response counts as success only once the server has
// the whole request. A response longer than a stream's buffer must be read meanwhile. So it is handed out early, and
// its body ends when both directions have ended.
//
// A failed send says only that the server stopped reading. The server may have sent the reason before, so what has
// arrived is read first. The failure itself is the last resort.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

extension HTTPConnection {
  /// Bodies up to this size are sent in one write with their head.
  private static let smallBody = 16 * 1024
  /// The most bytes of a response that may wait while the request is being sent.
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

  /// Whether the bytes begin with a TLS 1.x record (RFC 8446 section 5.1), such as the alert about a plain-text
  /// request.
  private static func isTLSRecord(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 3 && 20...23 ~= bytes[0] && bytes[1] == 3 && bytes[2] <= 4
  }

  /// Handles a complete head; the request's body may not be fully sent.
  private nonisolated(nonsending) func finish(
    _ upload: Upload, _ head: HTTP1ResponseHead, _ deadlines: Deadlines, _ phase: inout HTTPError.Phase
  ) async throws {
    if head.status >= 300 { return upload.stop() }
    phase = .sending
    while upload.isRunning && transport.unreadCount <= Self.unread && transport.inputError == nil {
      try await upload.waitForMovement(until: deadlines.whileIdle(on: transport.loop))
    }
    // A server that announces to close may have read enough. Otherwise we cannot know.
    guard head.keepsConnectionAlive else { return }
    if case .failed(let error) = upload.state { throw error }
    if upload.isRunning, let error = transport.inputError { throw error }
  }

  /// Waits until something has arrived or, during the upload, has been sent.
  nonisolated(nonsending) func waitForMovement(_ deadlines: Deadlines) async throws {
    let deadline = deadlines.whileIdle(on: transport.loop)
    if let upload, upload.isRunning {
      try await upload.waitForMovement(until: deadline)
    } else {
      try await transport.waitForInput(1, until: deadline)
    }
  }
}

/// The server answered a plain-text request with a TLS record.
struct ServerSpeaksTLS: Error {}
