// SPDX-License-Identifier: Apache-2.0

extension HTTP1MessageWriter {
  /// Appends the head of a final response, or of a 101, and returns the writer of its body.
  ///
  /// The writer fits the framing to the exchange. A 101, a 204 and a 2xx to CONNECT have no body and no framing field.
  /// The response to HEAD and a 304 describe a body that is not sent. For HTTP/1.0 clients, the connection's end
  /// replaces chunks. A connection that will be closed announces that.
  ///
  /// ```swift
  /// var bytes: [UInt8] = []
  /// var writer = try HTTP1MessageWriter.response(
  ///   status: 200, fields: ["content-type": "text/plain"], framing: .contentLength(2), into: &bytes)
  /// try writer.write(Array("ok".utf8), into: &bytes)
  /// try writer.end(into: &bytes)
  /// ```
  ///
  /// - Parameters:
  ///   - status: 101, or 200 to 999.
  ///   - reason: The phrase for people; by default that of the IANA registry.
  ///   - fields: All fields but Content-Length and Transfer-Encoding.
  ///   - framing: The framing of the body; `.none` means an empty body, for a status that may have one.
  ///   - method: The method of the request.
  ///   - version: The version of the request.
  ///   - keepsConnectionAlive: The value from the request's head, or false to close in any case.
  /// - Throws: `HTTP1Error` (`invalidStatusCode`, `invalidReasonPhrase`, `framingFieldInFields`, `invalidFraming`,
  ///   `bodyNotAllowed`); then nothing was appended.
  public static func response(
    status: Int, reason: String? = nil, fields: HTTPFields = HTTPFields(), framing: HTTP1BodyFraming = .none,
    answering method: HTTPMethod = .get, version: HTTP1Version = .http1_1, keepsConnectionAlive: Bool = true,
    into buffer: inout [UInt8]
  ) throws(HTTP1Error) -> HTTP1MessageWriter {
    try response(
      status: status, reason: reason, fields: fields, date: [], lines: [], contentType: nil, framing: framing,
      answering: method, version: version, keepsConnectionAlive: keepsConnectionAlive, into: &buffer)
  }

  /// The same, with lines that are ready: a server makes its Date once a second.
  ///
  /// - Parameters:
  ///   - date: A whole field line with its CRLF, or nothing. It is left out if there is a Date among the fields.
  ///   - lines: Whole field lines with their CRLF, which nobody checks.
  ///   - contentType: The value of Content-Type, unless it is among the fields.
  package static func response(
    status: Int, reason: String? = nil, fields: HTTPFields, date: [UInt8], lines: [UInt8], contentType: String?,
    framing: HTTP1BodyFraming, answering method: HTTPMethod, version: HTTP1Version, keepsConnectionAlive: Bool,
    into buffer: inout [UInt8]
  ) throws(HTTP1Error) -> HTTP1MessageWriter {
    guard status == 101 || 200...999 ~= status else {
      throw HTTP1Error(.response, .invalidStatusCode, "\(status)".utf8)
    }
    if case .contentLength(let length) = framing, length < 0 { throw HTTP1Error(.response, .invalidFraming) }
    let switches = status == 101 || method == .connect && 200..<300 ~= status
    let isBodiless = switches || status == 204
    if isBodiless, framing != .none { throw HTTP1Error(.response, .bodyNotAllowed) }
    let isHead = method == .head
    let wire: HTTP1BodyFraming =
      switch framing {
      case .none: isBodiless || status == 304 || isHead ? .none : .contentLength(0)
      case .chunked: version == .http1_0 ? .untilClose : .chunked
      default: framing
      }
    let omitsBody = isHead || status == 304
    let reserved = try check(fields, of: .response)
    if let contentType, !contentType.utf8.allSatisfy({ 0x20..<0x7F ~= $0 || $0 == ASCII.tab }) {
      throw HTTP1Error(.response, .controlCharacterInFieldValue, contentType.utf8)
    }
    let closes = fields.closesConnection(reserved)
    let keepsAlive = keepsConnectionAlive && !switches && (wire != .untilClose || omitsBody) && !closes
    try appendStatusLine(status, reason, into: &buffer)
    if !reserved.contains(.date) { buffer.append(contentsOf: date) }
    buffer.append(contentsOf: lines)
    if let contentType, !reserved.contains(.contentType) {
      buffer.append(static: "Content-Type: ")
      buffer.append(text: contentType)
      buffer.append(static: "\r\n")
    }
    append(fields, into: &buffer)
    if !switches, !keepsAlive, !closes {
      buffer.append(static: "Connection: close\r\n")
    } else if keepsAlive, version == .http1_0 {
      buffer.append(static: "Connection: keep-alive\r\n")
    }
    append(wire, into: &buffer)
    buffer.append(static: "\r\n")
    return HTTP1MessageWriter(.response, framing: wire, keepsConnectionAlive: keepsAlive, omitsBody: omitsBody)
  }

  /// Appends an informational response, such as `100 Continue` or `103 Early Hints`; the final response follows it. Do
  /// not send it to HTTP/1.0 clients (RFC 9110 section 15.2).
  ///
  /// - Throws: `HTTP1Error` (`invalidStatusCode` unless the status is 100 or 102 to 199, `framingFieldInFields`); then
  ///   nothing was appended.
  public static func informational(
    status: Int, fields: HTTPFields = HTTPFields(), into buffer: inout [UInt8]
  ) throws(HTTP1Error) {
    guard 100..<200 ~= status, status != 101 else {
      throw HTTP1Error(.response, .invalidStatusCode, "\(status)".utf8)
    }
    try check(fields, of: .response)
    try appendStatusLine(status, nil, into: &buffer)
    append(fields, into: &buffer)
    buffer.append(static: "\r\n")
  }

  @inline(__always)
  private static func appendStatusLine(
    _ status: Int, _ reason: String?, into buffer: inout [UInt8]
  ) throws(HTTP1Error) {
    if status == 200 && reason == nil { return buffer.append(static: "HTTP/1.1 200 OK\r\n") }
    let reason = reason ?? ReasonPhrase.registered(for: status)
    guard reason.utf8.allSatisfy({ $0 >= 0x20 && $0 != ASCII.delete || $0 == ASCII.tab }) else {
      throw HTTP1Error(.response, .invalidReasonPhrase, reason.utf8)
    }
    buffer.append(static: "HTTP/1.1 ")
    buffer.append(number: status)
    buffer.append(ASCII.space)
    buffer.append(text: reason)
    buffer.append(static: "\r\n")
  }
}
