// SPDX-License-Identifier: Apache-2.0

extension HTTP1Error {
  /// Each malformed thing by name.
  public enum Kind: Hashable, Sendable, CaseIterable {
    // Lines (RFC 9112 section 2.2)

    /// A line ends in LF alone. RFC 9112 lets a recipient accept it; two recipients that differ are a smuggling gap.
    case bareLF
    /// CR that is not followed by LF.
    case bareCR
    /// Longer than ``HTTP1Limits/maximumLineLength``.
    case startLineTooLong
    /// Longer than ``HTTP1Limits/maximumLineLength``.
    case fieldLineTooLong
    /// Larger than ``HTTP1Limits/maximumHeadSize``.
    case headTooLarge
    /// More than a few CRLF before a request line.
    case tooManyEmptyLines

    // Start lines (RFC 9112 sections 3 and 4)

    /// Not `method SP request-target SP HTTP-version`.
    case malformedRequestLine
    /// The method is empty or has a character that no token has.
    case invalidMethod
    /// The target is empty, or has a byte outside visible ASCII, or `#`.
    case invalidTarget
    /// E.g. `*` without OPTIONS, a target that starts with neither `/` nor `http://` nor `https://`, or an absolute one
    /// whose host is empty, malformed or preceded by user information, or whose port is not from 1 to 65535.
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
    /// A character in the name that no token has.
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

    /// A response has two Location fields with different values: which of them counts is anybody's guess.
    case conflictingLocations

    // Body framing (RFC 9112 section 6)

    /// Empty, signed, or with anything but digits.
    case invalidContentLength
    /// Larger than `Int.max`.
    case contentLengthOverflow
    /// Repeated with different values.
    case conflictingContentLengths
    /// Both are there: the classic smuggling request (RFC 9112 sections 6.3 and 11.2).
    case transferEncodingWithContentLength
    /// Faulty framing by RFC 9112 section 6.1.
    case transferEncodingInHTTP10
    /// No list of tokens, or, in a request, an empty one.
    case invalidTransferEncoding
    /// A coding other than chunked before the final chunked.
    case unsupportedTransferCoding
    /// The last coding of a request is not chunked, so that it has no end; or chunked has parameters.
    case chunkedNotFinal
    /// More than one chunked coding.
    case chunkedTwice
    /// Larger than ``HTTP1Limits/maximumBodySize``.
    case bodyTooLarge

    // Chunks (RFC 9112 section 7.1)

    /// The line has no size: a sign, a letter beyond F, or nothing.
    case missingChunkSize
    /// E.g. `0x10`, `1_0`, or a size with blanks after it.
    case invalidChunkSize
    /// Larger than `Int.max`.
    case chunkSizeOverflow
    /// Not `*( BWS ";" BWS name [ BWS "=" BWS value ] )`.
    case invalidChunkExtension
    /// Longer than ``HTTP1Limits/maximumChunkLineLength``.
    case chunkLineTooLong
    /// Larger than ``HTTP1Limits/maximumChunkExtensionsSize`` in one body, zeros in front of long sizes included.
    case chunkExtensionsTooLarge
    /// The chunk is longer than its size says.
    case missingChunkEnd
    /// Larger than ``HTTP1Limits/maximumTrailersSize``.
    case trailersTooLarge
    /// More than ``HTTP1Limits/maximumTrailerCount``.
    case tooManyTrailers

    // Sequence and end of input (RFC 9112 section 8)

    /// More than ``HTTP1Limits/maximumInformationalResponses`` before the final one.
    case tooManyInformationalResponses
    /// No byte of a response had arrived.
    case endedBeforeHead
    /// Some bytes of the head had arrived.
    case endedInsideHead
    /// Fewer bytes than Content-Length, or no last chunk.
    case endedInsideBody
    /// The last chunk was there, the final empty line was not.
    case endedInsideTrailers

    // Writing

    /// Content-Length, Transfer-Encoding or Host among the fields to be written.
    case framingFieldInFields
    /// E.g. a request that is delimited by close, or a negative length.
    case invalidFraming
    /// Bytes were written to a message that has none; or a TRACE or CONNECT request, read or written, has a body (RFC
    /// 9110 sections 9.3.6 and 9.3.8).
    case bodyNotAllowed
    /// More was written than declared.
    case bodyLongerThanDeclared
    /// The end came before the declared length.
    case bodyShorterThanDeclared
    /// Trailers for a body that is not chunked.
    case trailersNotAllowed
    /// Something was written after the end.
    case writtenAfterEnd
  }
}
