// SPDX-License-Identifier: Apache-2.0

extension HTTP1Error.Kind: CustomStringConvertible {
  /// The reason in words, without the message.
  public var description: String {
    switch self {
    case .bareLF: "a line ends in LF without CR"
    case .bareCR: "a line contains CR without LF"
    case .startLineTooLong: "start line is longer than the limit"
    case .fieldLineTooLong: "field line is longer than the limit"
    case .headTooLarge: "head is larger than the limit"
    case .tooManyEmptyLines: "too many empty lines before the request line"
    case .malformedRequestLine: "request line is not 'method target version' separated by single spaces"
    case .invalidMethod: "method is not a token"
    case .invalidTarget: "request target has a character that is not allowed"
    case .invalidTargetForm: "the method does not allow this form of request target"
    case .malformedStatusLine: "status line is not 'version status reason'"
    case .invalidStatusCode: "status code is not three digits from 100 to 999"
    case .invalidReasonPhrase: "reason phrase has a control character"
    case .malformedVersion: "HTTP version is malformed"
    case .unsupportedVersion: "HTTP version is not 1.x"
    case .emptyFieldName: "field line has no name"
    case .invalidFieldName: "field name is not a token"
    case .missingColon: "field line has no colon"
    case .whitespaceBeforeColon: "whitespace between field name and colon"
    case .whitespaceBeforeFirstField: "whitespace between start line and first field"
    case .obsoleteLineFolding: "request uses obsolete line folding"
    case .nulInFieldValue: "field value has a NUL"
    case .controlCharacterInFieldValue: "field value has a control character"
    case .tooManyFields: "more field lines than the limit"
    case .missingHost: "request has no Host field"
    case .duplicateHost: "request has more than one Host field"
    case .invalidHost: "Host field is not a host with an optional port"
    case .conflictingLocations: "Location is given twice with different values"
    case .invalidContentLength: "Content-Length is not a decimal number"
    case .contentLengthOverflow: "Content-Length is too large for 64 bits"
    case .conflictingContentLengths: "Content-Length is given twice with different values"
    case .transferEncodingWithContentLength: "both Transfer-Encoding and Content-Length"
    case .transferEncodingInHTTP10: "Transfer-Encoding in an HTTP/1.0 message"
    case .invalidTransferEncoding: "Transfer-Encoding is not a list of codings"
    case .unsupportedTransferCoding: "transfer coding other than chunked"
    case .chunkedNotFinal: "chunked is not the final transfer coding"
    case .chunkedTwice: "chunked is applied twice"
    case .bodyTooLarge: "body is larger than the limit"
    case .missingChunkSize: "chunk size has no hexadecimal digit"
    case .invalidChunkSize: "chunk size is followed by something other than an extension"
    case .chunkSizeOverflow: "chunk size is too large for 64 bits"
    case .invalidChunkExtension: "chunk extension is malformed"
    case .chunkLineTooLong: "chunk size line is longer than the limit"
    case .chunkExtensionsTooLarge: "chunk extensions are larger than the limit"
    case .missingChunkEnd: "chunk data is not followed by CRLF"
    case .trailersTooLarge: "trailer section is larger than the limit"
    case .tooManyTrailers: "more trailer lines than the limit"
    case .tooManyInformationalResponses: "more informational responses than the limit"
    case .endedBeforeHead: "connection ended before the head"
    case .endedInsideHead: "connection ended inside the head"
    case .endedInsideBody: "connection ended inside the body"
    case .endedInsideTrailers: "connection ended inside the trailer section"
    case .framingFieldInFields: "field is set by the writer and must not be among the fields"
    case .invalidFraming: "body framing is not possible for this message"
    case .bodyNotAllowed: "message must not have a body"
    case .bodyLongerThanDeclared: "body is longer than its Content-Length"
    case .bodyShorterThanDeclared: "body is shorter than its Content-Length"
    case .trailersNotAllowed: "trailers need the chunked coding"
    case .writtenAfterEnd: "message is already complete"
    }
  }
}

extension HTTP1Error {
  static let excerptLength = 32

  /// The first bytes, made harmless for a log: printable ASCII stays, all other bytes are escaped.
  static func excerpt(of bytes: some Sequence<UInt8>) -> String {
    var text = ""
    var count = 0
    for byte in bytes {
      if count == excerptLength { return text + "..." }
      count += 1
      switch byte {
      case ASCII.quote: text += "\\\""
      case ASCII.backslash: text += "\\\\"
      case ASCII.tab: text += "\\t"
      case ASCII.lf: text += "\\n"
      case ASCII.cr: text += "\\r"
      case 0x20..<0x7F: text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        text += hex.utf8.count == 1 ? "\\x0" + hex : "\\x" + hex
      }
    }
    return text
  }
}
