// SPDX-License-Identifier: Apache-2.0
// Where a message ends, from its fields (RFC 9112 section 6.3). Wherever the RFC leaves a choice between repairing and
// rejecting a message whose end two recipients could see differently, it is rejected, in requests and in responses:
// section 11.2, request smuggling, is about those repairs.

extension HTTP1BodyFraming {
  /// The framing of a request, or of a response that may have a body; nil if neither field is there.
  static func declared(
    by fields: borrowing HTTPFields, seen: FieldSection.Seen, version: HTTP1Version, of message: HTTP1Error.Message
  ) throws(HTTP1Error) -> HTTP1BodyFraming? {
    if seen.contains(.transferEncoding) {
      if seen.contains(.contentLength) { throw HTTP1Error(message, .transferEncodingWithContentLength) }
      if version == .http1_0 { throw HTTP1Error(message, .transferEncodingInHTTP10) }
      try requireChunked(fields, of: message)
      return .chunked
    }
    guard seen.contains(.contentLength) else { return nil }
    return .contentLength(try contentLength(fields, of: message))
  }

  /// Only `chunked` alone is understood: what else was applied to the body could not be undone here.
  private static func requireChunked(
    _ fields: borrowing HTTPFields, of message: HTTP1Error.Message
  ) throws(HTTP1Error) {
    let lines = fields.lines
    try fields.storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
      var hasOther = false
      var chunkedCount = 0
      var lastIsChunked = false
      var last = 0..<0
      for line in lines where bytes.part(line.name).equalsIgnoringCase("transfer-encoding") {
        var elements = ListElements(line.value)
        while let element = elements.next(in: bytes) {
          guard !element.isEmpty, ByteSet.token.contains(bytes[element.lowerBound]) else {
            throw HTTP1Error(message, .invalidTransferEncoding, bytes[line.value])
          }
          lastIsChunked = bytes.part(element).equalsIgnoringCase("chunked")
          if lastIsChunked { chunkedCount += 1 } else { hasOther = true }
          last = line.value
        }
      }
      if chunkedCount > 1 { throw HTTP1Error(message, .chunkedTwice, bytes[last]) }
      if !lastIsChunked { throw HTTP1Error(message, .chunkedNotFinal, bytes[last]) }
      if hasOther { throw HTTP1Error(message, .unsupportedTransferCoding, bytes[last]) }
    }
  }

  /// All values must be the same number; a repeated equal one is accepted, as section 6.3 allows.
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

  /// A length that is announced and over the limit is refused before the first byte of the body.
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
