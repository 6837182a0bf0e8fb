// SPDX-License-Identifier: Apache-2.0

extension HTTP1Error {
  /// The reason, one name for each.
  public enum Kind: Hashable, Sendable, CaseIterable {
    // Lines (RFC 9112 section 2.2)

    /// A line ends in LF alone. RFC 9112 lets a recipient accept it, but recipients that differ open a gap for
    /// smuggling.
    case bareLF
    /// CR that is not followed by LF.
    case bareCR
    /// Longer than ``HTTP1Limits/maximumLineLength``.
    case startLineTooLong
    /// Longer than ``HTTP1Limits/maximumLineLength``.
    case fieldLineTooLong
    /// Larger than ``HTTP1Limits/maximumHeadSize``.
    case headTooLarge
    /// More than four CRLF before a request line.
    case tooManyEmptyLines

    // Start lines (RFC 9112 sections 3 and 4)

    /// Not `method SP request-target SP HTTP-version`.
    case malformedRequestLine
    /// The method is empty or has a character that is not allowed in a token.
    case invalidMethod
    /// The target is empty, or has a byte outside visible ASCII, or `#`.
    case invalidTarget
    /// For example `*` without OPTIONS, or a target that starts with neither `/` nor `http://` nor `https://`. Also an
    /// absolute target whose host is empty, malformed or preceded by user information, or whose port is not from 1 to
    /// 65535.
    case invalidTargetForm
    /// Not `HTTP-version SP status-code SP [ reason-phrase ]`.
    case malformedStatusLine
    /// The status code is not three digits, or below 100.
    case invalidStatusCode
    /// A control character in the reason phrase.
    case invalidReasonPhrase
    /// Not `HTTP/` DIGIT `.` DIGIT.
    case malformedVersion
    /// A well-formed version whose major number is not 1.
    case unsupportedVersion

    // Field lines (RFC 9112 section 5)

    /// A field line starts with its colon.
    case emptyFieldName
    /// The name has a character that is not allowed in a token.
    case invalidFieldName
    /// A field line without a colon.
    case missingColon
    /// Whitespace between name and colon (RFC 9112 section 5.1).
    case whitespaceBeforeColon
    /// The first field line starts with whitespace (RFC 9112 section 2.2).
    case whitespaceBeforeFirstField
    /// A folded field line in a request (RFC 9112 section 5.2).
    case obsoleteLineFolding
    /// A NUL in a field value.
    case nulInFieldValue
    /// A control character other than HTAB, CR, LF and NUL in a field value.
    case controlCharacterInFieldValue
    /// More than ``HTTP1Limits/maximumFieldCount``.
    case tooManyFields
    /// An HTTP/1.1 request without Host (RFC 9112 section 3.2).
    case missingHost
    /// More than one Host field line.
    case duplicateHost
    /// The value of Host is not `uri-host [ ":" port ]`.
    case invalidHost

    /// A response has two Location fields with different values, and nothing says which one counts.
    case conflictingLocations

    // Body framing (RFC 9112 section 6)

    /// Content-Length is empty, signed, or has other characters than digits.
    case invalidContentLength
    /// Content-Length is larger than `Int.max`.
    case contentLengthOverflow
    /// Content-Length is repeated with different values.
    case conflictingContentLengths
    /// Both fields are present: the classic smuggling request (RFC 9112 sections 6.3 and 11.2).
    case transferEncodingWithContentLength
    /// Transfer-Encoding in HTTP/1.0: faulty framing by RFC 9112 section 6.1.
    case transferEncodingInHTTP10
    /// Transfer-Encoding is not a list of tokens, or it is an empty list in a request.
    case invalidTransferEncoding
    /// A coding other than chunked precedes the final chunked.
    case unsupportedTransferCoding
    /// The last coding of a request is not chunked, so the request has no end. Or chunked has parameters.
    case chunkedNotFinal
    /// More than one chunked coding.
    case chunkedTwice
    /// Larger than ``HTTP1Limits/maximumBodySize``.
    case bodyTooLarge

    // Chunks (RFC 9112 section 7.1)

    /// The line does not begin with a size, but with a sign, a letter beyond F, or nothing.
    case missingChunkSize
    /// For example `0x10`, `1_0`, or a size with blanks after it.
    case invalidChunkSize
    /// Larger than `Int.max`.
    case chunkSizeOverflow
    /// Not `*( BWS ";" BWS name [ BWS "=" BWS value ] )`.
    case invalidChunkExtension
    /// Longer than ``HTTP1Limits/maximumChunkLineLength``.
    case chunkLineTooLong
    /// The extensions of one body are larger than ``HTTP1Limits/maximumChunkExtensionsSize``, leading zeros of long
    /// sizes included.
    case chunkExtensionsTooLarge
    /// The chunk is longer than its size says.
    case missingChunkEnd
    /// Larger than ``HTTP1Limits/maximumTrailersSize``.
    case trailersTooLarge
    /// More than ``HTTP1Limits/maximumTrailerCount``.
    case tooManyTrailers

    // Sequence and end of input (RFC 9112 section 8)

    /// More than ``HTTP1Limits/maximumInformationalResponses`` came before the final response.
    case tooManyInformationalResponses
    /// The input ended before the first byte of a response.
    case endedBeforeHead
    /// The input ended within a head.
    case endedInsideHead
    /// The body has fewer bytes than Content-Length, or lacks the last chunk.
    case endedInsideBody
    /// The input ended after the last chunk, before the final empty line.
    case endedInsideTrailers

    // Writing

    /// Content-Length, Transfer-Encoding or Host is among the fields to write.
    case framingFieldInFields
    /// For example a request delimited by close, or a negative length.
    case invalidFraming
    /// Bytes were written to a message without a body. Or a TRACE or CONNECT request, read or written, has a body (RFC
    /// 9110 sections 9.3.6 and 9.3.8).
    case bodyNotAllowed
    /// More bytes were written than declared.
    case bodyLongerThanDeclared
    /// The writer ended before the declared length.
    case bodyShorterThanDeclared
    /// Trailers were written for a body that is not chunked.
    case trailersNotAllowed
    /// The program wrote after the end.
    case writtenAfterEnd
  }
}
