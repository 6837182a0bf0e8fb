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
    guard status == 101 || 200...999 ~= status else {
      throw HTTP1Error(.response, .invalidStatusCode, "\(status)".utf8)
    }
    if case .contentLength(let length) = framing, length < 0 { throw HTTP1Error(.response, .invalidFraming) }
    let switches = status == 101 || method == .connect && 200..<300 ~= status
    let isBodiless = switches || status == 204
    if isBodiless, framing != .none { throw HTTP1Error(.response, .bodyNotAllowed) }
    let wire: HTTP1BodyFraming =
      switch framing {
      case .none: isBodiless || status == 304 || method == .head ? .none : .contentLength(0)
      case .chunked: version == .http1_0 ? .untilClose : .chunked
      default: framing
      }
    let omitsBody = method == .head || status == 304
    let keepsAlive =
      keepsConnectionAlive && !switches && (wire != .untilClose || omitsBody)
      && !fields.contains(element: "close", in: "connection")
    try appendHead(status, reason, fields, into: &buffer) { buffer in
      if !switches, !keepsAlive, !fields.contains(element: "close", in: "connection") {
        buffer.append(text: "Connection: close\r\n")
      } else if keepsAlive, version == .http1_0 {
        buffer.append(text: "Connection: keep-alive\r\n")
      }
      append(wire, into: &buffer)
    }
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
    try appendHead(status, nil, fields, into: &buffer) { _ in }
  }

  private static func appendHead(
    _ status: Int, _ reason: String?, _ fields: HTTPFields, into buffer: inout [UInt8],
    more: (inout [UInt8]) -> Void
  ) throws(HTTP1Error) {
    let reason = reason ?? ReasonPhrase.registered(for: status)
    guard reason.utf8.allSatisfy({ $0 >= 0x20 && $0 != ASCII.delete || $0 == ASCII.tab }) else {
      throw HTTP1Error(.response, .invalidReasonPhrase, reason.utf8)
    }
    try check(fields, of: .response)
    buffer.append(text: "HTTP/1.1 ")
    buffer.append(number: status)
    buffer.append(ASCII.space)
    buffer.append(text: reason)
    buffer.append(text: "\r\n")
    append(fields, into: &buffer)
    more(&buffer)
    buffer.append(text: "\r\n")
  }
}
