// SPDX-License-Identifier: Apache-2.0
// Answers on their way out. The head and a known body are one write. While requests of one batch of input are unread,
// their answers wait for each other. They leave in one write when the batch is done, at the end of the turn, or at 64
// KiB. A handler that waits does not delay the answers before its own: the end of the turn comes while it waits.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

extension HTTP1ServerConnection {
  /// From this size on a body is not copied behind its head.
  static var largeBody: Int { 16 * 1024 }
  private static var mostHeld: Int { 64 * 1024 }

  // MARK: - Use

  /// Throws if the exchange is over or answered.
  @inline(__always)
  func expectUnanswered(_ number: Int) throws {
    guard isInExchange, number == self.number else { throw overError(number) }
    guard answer == .none else { throw HTTPServerError(.alreadyAnswered, requestName) }
  }

  @inline(__always)
  func expectExchange(_ number: Int) throws {
    guard isInExchange, number == self.number else { throw overError(number) }
  }

  @inline(never)
  private func overError(_ number: Int) -> HTTPServerError {
    HTTPServerError(.exchangeIsOver, "request \(number) of \(transport.waitDescription)")
  }

  /// `POST /notes`, without the query, which may be secret.
  var requestName: String {
    guard let head else { return "a request of \(transport.waitDescription)" }
    return "\(head.method) \(head.target.prefix { $0 != "?" }.prefix(200))"
  }

  // MARK: - Known bodies

  /// Answers with a known body. Returns whether the writer should wait for room.
  @inline(__always)
  func answer(
    _ number: Int, _ status: Int, _ fields: HTTPFields, _ contentType: String?, isText: Bool,
    _ body: UnsafeRawBufferPointer
  ) throws -> Bool {
    try expectUnanswered(number)
    if isText && status == 200 && contentType == nil && !body.isEmpty && fields.isEmpty, appendUsual(body) {
      return try leave()
    }
    let writer = try appendHead(
      status, fields, contentType, isText: isText && !body.isEmpty,
      framing: body.isEmpty ? .none : .contentLength(body.count))
    answer = .complete
    if !writer.omitsBody {
      held.append(contentsOf: body)
      bodySent = body.count
    }
    return try leave()
  }

  /// Answers in the most frequent way: 200, a text without further fields, on a connection that goes on. All of its
  /// head up to the length is ready. Returns false if it is another way.
  @inline(__always)
  private func appendUsual(_ body: UnsafeRawBufferPointer) -> Bool {
    guard let head, head.version == .http1_1, head.method == .get || head.method == .post, extraFields == nil,
      mayKeepAlive(head)
    else { return false }
    if held.isEmpty { held = server.takeBuffer() }
    held.append(contentsOf: server.textHead)
    appendLength(body.count)
    held.append(contentsOf: body)
    status = 200
    bodySent = body.count
    answer = .complete
    return true
  }

  /// Appends the value of Content-Length, and the end of the head.
  @inline(__always)
  private func appendLength(_ count: Int) {
    withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { digits in
      var start = 20
      digits[20] = 0x0D
      digits[21] = 0x0A
      digits[22] = 0x0D
      digits[23] = 0x0A
      var rest = count
      repeat {
        start -= 1
        digits[start] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
        rest /= 10
      } while rest > 0
      held.append(contentsOf: UnsafeRawBufferPointer(rebasing: digits[start...]))
    }
  }

  /// The same for a body that is worth no copy.
  func answer(
    _ number: Int, _ status: Int, _ fields: HTTPFields, _ contentType: String?, large body: [UInt8]
  ) throws -> Bool {
    try expectUnanswered(number)
    let writer = try appendHead(status, fields, contentType, isText: false, framing: .contentLength(body.count))
    answer = .complete
    if writer.omitsBody { return try leave() }
    bodySent = body.count
    let start = held
    server.giveBuffer(&held)
    let waits = try transport.write(contentsOf: [start, body])
    owesMore()
    return waits
  }

  /// Writes a head into the held output.
  @inline(__always)
  func appendHead(
    _ status: Int, _ fields: HTTPFields, _ contentType: String?, isText: Bool, framing: HTTP1BodyFraming
  ) throws -> HTTP1MessageWriter {
    guard let head else { throw HTTPServerError(.exchangeIsOver, "a request") }
    if held.isEmpty { held = server.takeBuffer() }
    var fields = fields
    if let extraFields { try merge(extraFields, into: &fields) }
    let usesText = isText && contentType == nil && (fields.isEmpty || !fields.contains("content-type"))
    let writer = try HTTP1MessageWriter.response(
      status: status, fields: fields, date: server.date, lines: usesText ? server.textLines : server.lines,
      contentType: contentType, framing: framing, answering: head.method, version: head.version,
      keepsConnectionAlive: mayKeepAlive(head), into: &held)
    keepsAlive = writer.keepsConnectionAlive
    self.status = status
    bodySent = 0
    return writer
  }

  private func merge(_ extra: HTTPFields, into fields: inout HTTPFields) throws {
    for (name, value) in extra where !fields.contains(name) { try fields.append(name, value) }
  }

  /// Whether another request may follow this response.
  @inline(__always)
  private func mayKeepAlive(_ head: HTTP1RequestHead) -> Bool {
    guard head.keepsConnectionAlive, keepsAlive else { return false }
    if let most = server.limits.requestsPerConnection, number >= most { return false }
    // Requests that have arrived before the shutdown are answered.
    if transport.isServerShuttingDown && (transport.unreadCount == 0 || !parser.hasEnded) { return false }
    return parser.hasEnded || bodyMayBeDropped(head)
  }

  // MARK: - Leaving

  /// Sends what is held, now or together with the next answers. Returns whether the writer should wait for room.
  @inline(__always)
  func leave() throws -> Bool {
    if transport.unreadCount > 0 && parser.hasEnded && keepsAlive && held.count < Self.mostHeld {
      scheduleFlush()
      return false
    }
    return try send()
  }

  /// Sends what is held.
  @inline(__always)
  func send() throws -> Bool {
    if held.isEmpty { return false }
    retractable = nil
    let waits = try held.withUnsafeBytes { try transport.write($0) }
    server.giveBuffer(&held)
    owesMore()
    return waits
  }

  /// Sends what is held. A failure is the stream's, and found by the next who uses it.
  @inline(__always)
  func flush() {
    if !held.isEmpty { _ = try? send() }
  }

  func scheduleFlush() {
    if flushIsScheduled { return }
    flushIsScheduled = true
    transport.loop.callSoon { [self] in
      flushIsScheduled = false
      flush()
    }
  }

  /// A shutdown must not take the connection for idle while its client waits for the rest of an answer, or for another.
  @inline(__always)
  private func owesMore() {
    if isInExchange && answer != .complete { transport.owesAnswer() }
  }
}
