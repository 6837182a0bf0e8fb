// SPDX-License-Identifier: Apache-2.0
// Answers whose body is made while it is sent. The head waits for the first piece, to leave with it; if that takes
// longer than the turn, the head leaves alone. As long as nothing has left, a handler that fails can still be answered
// with 500.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

extension HTTP1ServerConnection {
  /// Begins a response. Returns whether its body is wanted: not after HEAD.
  @inline(never)
  func beginStreaming(
    _ number: Int, _ status: Int, _ fields: HTTPFields, _ contentType: String?, _ contentLength: Int?
  ) throws -> Bool {
    try expectUnanswered(number)
    let start = held.count
    let writer = try appendHead(
      status, fields, contentType, isText: false,
      framing: status == 204 || status == 304 ? .none : contentLength.map { .contentLength($0) } ?? .chunked)
    if writer.omitsBody || writer.framing == .none {
      answer = .complete
      _ = try leave()
      return false
    }
    answer = .streaming
    self.writer = writer
    retractable = start
    scheduleFlush()
    return true
  }

  /// Sends a piece. Returns whether the writer should wait for room.
  @inline(never)
  func sendPiece(_ number: Int, _ bytes: UnsafeRawBufferPointer) throws -> Bool {
    try expectStreaming(number)
    guard !bytes.isEmpty else { return false }
    try writer?.beginPiece(of: bytes.count, into: &held)
    bodySent += bytes.count
    held.append(contentsOf: bytes)
    writer?.endPiece(into: &held)
    return try send()
  }

  /// The same for a piece that is worth no copy.
  @inline(never)
  func sendPiece(_ number: Int, large bytes: [UInt8]) throws -> Bool {
    try expectStreaming(number)
    try writer?.beginPiece(of: bytes.count, into: &held)
    bodySent += bytes.count
    var end: [UInt8] = []
    writer?.endPiece(into: &end)
    let start = held
    retractable = nil
    server.giveBuffer(&held)
    defer { transport.owesAnswer() }
    return try transport.write(contentsOf: [start, bytes, end])
  }

  /// Ends the response, unless that was done.
  @inline(never)
  func endStreaming(_ number: Int, trailers: HTTPFields) throws -> Bool {
    try expectExchange(number)
    guard answer == .streaming else { return false }
    // An HTTP/1.0 client gets no chunks, and so no trailers.
    let trailers = writer?.framing == .chunked ? trailers : HTTPFields()
    do { try writer?.end(trailers: trailers, into: &held) } catch {
      breakOff()
      throw error
    }
    answer = .complete
    writer = nil
    retractable = nil
    return try leave()
  }

  private func expectStreaming(_ number: Int) throws {
    try expectExchange(number)
    guard answer == .streaming else { throw HTTPServerError(.alreadyAnswered, requestName) }
  }

  /// The rest of the response will not come. If nothing of it has left, the request is unanswered again; if it has, the
  /// connection is reset: a proper end would make the part look like the whole.
  func breakOff() {
    guard answer == .streaming else { return }
    writer = nil
    if let start = retractable.take() {
      held.removeSubrange(start...)
      keepsAlive = true
      answer = .none
    } else {
      held.removeAll(keepingCapacity: true)
      keepsAlive = false
      answer = .broken
    }
  }
}
