// SPDX-License-Identifier: Apache-2.0

/// How the end of a body is found (RFC 9112 section 6).
public enum HTTP1BodyFraming: Hashable, Sendable {
  /// Without a body: the message ends with its head.
  case none
  /// A body of this many bytes, 0 or more.
  case contentLength(Int)
  /// Chunks, of which the last is empty, then trailers.
  case chunked
  /// Everything until the connection is closed; for responses only.
  case untilClose
}

// Where a message ends, from its fields (RFC 9112 section 6.3). Where two recipients could see a different end, the RFC
// lets a recipient repair or reject the message. We reject it, in requests and in responses: section 11.2, request
// smuggling, is about those repairs.

extension HTTP1BodyFraming {
  /// The framing of a request, or of a response that may have a body; nil without either field.
  static func declared(
    by fields: borrowing HTTPFields, seen: FieldSection.Seen, version: HTTP1Version, of message: HTTP1Error.Message
  ) throws(HTTP1Error) -> HTTP1BodyFraming? {
    if seen.contains(.transferEncoding) {
      if seen.contains(.contentLength) { throw HTTP1Error(message, .transferEncodingWithContentLength) }
      if version == .http1_0 { throw HTTP1Error(message, .transferEncodingInHTTP10) }
      return try transferCoded(fields, of: message)
    }
    guard seen.contains(.contentLength) else { return nil }
    return .contentLength(try contentLength(fields, of: message))
  }

  /// Accepts only plain chunked bodies: further codings could not be undone here. A response whose last coding is not
  /// chunked ends with its connection (section 6.3, rule 4), and its body stays encoded.
  private static func transferCoded(
    _ fields: borrowing HTTPFields, of message: HTTP1Error.Message
  ) throws(HTTP1Error) -> HTTP1BodyFraming {
    let lines = fields.lines
    return try fields.storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
      var hasOther = false
      var hasParameters = false
      var chunkedCount = 0
      var lastIsChunked = false
      var last = 0..<0
      for line in lines where bytes.part(line.name).equalsIgnoringCase("transfer-encoding") {
        var elements = ListElements(line.value)
        while let element = elements.next(in: bytes) {
          // Recipients must ignore empty elements (RFC 9110 section 5.6.1.2).
          if element.isEmpty { continue }
          guard ByteSet.token.contains(bytes[element.lowerBound]) else {
            throw HTTP1Error(message, .invalidTransferEncoding, bytes[line.value])
          }
          let semicolon = bytes.firstOffset(of: ASCII.semicolon, in: element)
          let name = bytes.trimmingBlanks(element.lowerBound..<(semicolon ?? element.upperBound))
          let isChunked = bytes.part(name).equalsIgnoringCase("chunked")
          lastIsChunked = isChunked && semicolon == nil
          if isChunked && semicolon != nil { hasParameters = true }
          if lastIsChunked { chunkedCount += 1 } else { hasOther = true }
          last = line.value
        }
      }
      if chunkedCount > 1 { throw HTTP1Error(message, .chunkedTwice, bytes[last]) }
      if lastIsChunked {
        if hasOther { throw HTTP1Error(message, .unsupportedTransferCoding, bytes[last]) }
        return .chunked
      }
      // Chunked has no parameters; recipients should treat them as an error (RFC 9112 section 7.1).
      if message == .response && !hasParameters { return .untilClose }
      throw HTTP1Error(message, last.isEmpty ? .invalidTransferEncoding : .chunkedNotFinal, bytes[last])
    }
  }

  /// Returns the one length. All values must be that number; section 6.3 allows to accept a repeated equal one.
  private static func contentLength(
    _ fields: borrowing HTTPFields, of message: HTTP1Error.Message
  ) throws(HTTP1Error) -> Int {
    let lines = fields.lines
    return try fields.storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
      var length: Int?
      for line in lines where bytes.part(line.name).equalsIgnoringCase("content-length") {
        var elements = ListElements(line.value)
        while let element = elements.next(in: bytes) {
          let value: Int
          do throws(ByteView.DecimalProblem) { value = try bytes.decimal(in: element) } catch {
            let kind: HTTP1Error.Kind = error == .overflow ? .contentLengthOverflow : .invalidContentLength
            throw HTTP1Error(message, kind, bytes[line.value])
          }
          if let length, length != value {
            throw HTTP1Error(message, .conflictingContentLengths, bytes[line.value])
          }
          length = value
        }
      }
      return length ?? 0
    }
  }

  /// TRACE and CONNECT have no content (RFC 9110 sections 9.3.6 and 9.3.8).
  func check(_ method: HTTPMethod) throws(HTTP1Error) {
    if self == .none || self == .contentLength(0) { return }
    if method == .trace || method == .connect { throw HTTP1Error(.request, .bodyNotAllowed, method.name.utf8) }
  }

  /// Refuses an announced length over the limit before the first byte of the body.
  func check(_ limits: HTTP1Limits, of message: HTTP1Error.Message) throws(HTTP1Error) {
    if case .contentLength(let length) = self, let maximum = limits.maximumBodySize, length > maximum {
      throw HTTP1Error(message, .bodyTooLarge, "\(length)".utf8)
    }
  }
}

extension HTTPFields {
  /// Whether the connection stays open after this message, by its version and Connection (RFC 9112 section 9.3).
  func keepsAlive(version: HTTP1Version, seen: FieldSection.Seen) -> Bool {
    guard seen.contains(.connection) else { return version == .http1_1 }
    if contains(element: "close", in: "connection") { return false }
    return version == .http1_1 || contains(element: "keep-alive", in: "connection")
  }
}
