// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec
import Testing

/// Each fault of a message has an error with its own name.
struct ReadingErrorTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let kind: HTTP1Error.Kind
    let text: String
    var method = HTTPMethod.get
    var limits = HTTP1Limits()
    var testDescription: String { "\(kind): \(text.prefix(60).debugDescription)" }

    init(
      _ kind: HTTP1Error.Kind, _ text: String, to method: HTTPMethod = .get,
      limiting: (inout HTTP1Limits) -> Void = { _ in }
    ) {
      self.kind = kind
      self.text = text
      self.method = method
      limiting(&limits)
    }
  }

  /// A request with one more field line.
  private static func get(_ line: String) -> String { "GET / HTTP/1.1\r\nHost: h\r\n\(line)\r\n\r\n" }
  private static func chunks(_ body: String) -> String { get("Transfer-Encoding: chunked") + body }
  private static func ok(_ line: String) -> String { "HTTP/1.1 200 OK\r\n\(line)\r\n\r\n" }
  private static func okChunks(_ body: String) -> String { ok("Transfer-Encoding: chunked") + body }

  static let requests: [Example] = [
    Example(.bareLF, "GET / HTTP/1.1\nHost: h\r\n\r\n"),
    Example(.bareLF, "GET / HTTP/1.1\r\nHost: h\n\r\n"),
    Example(.bareLF, "GET / HTTP/1.1\r\nHost: h\r\n\n"),
    Example(.bareLF, chunks("1\na\r\n0\r\n\r\n")),
    Example(.bareCR, "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.bareCR, get("X: a\rb")),
    Example(.bareCR, get("X: a\r")),
    Example(.bareCR, get("X\r: a")),
    Example(.bareCR, chunks("1;a\rb\r\nx\r\n0\r\n\r\n")),
    Example(.startLineTooLong, "GET /aaaaaaaaaaaaaaa HTTP/1.1\r\nHost: h\r\n\r\n") { $0.maximumLineLength = 20 },
    Example(.startLineTooLong, String(repeating: "a", count: 8193)),
    Example(.fieldLineTooLong, get("X: aaaaaaaaaaaaaaaa")) { $0.maximumLineLength = 20 },
    Example(.headTooLarge, get("X: y")) { $0.maximumHeadSize = 30 },
    Example(.headTooLarge, "\r\n\r\nGET / HTTP/1.1") { $0.maximumHeadSize = 10 },
    Example(.tooManyEmptyLines, "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.malformedRequestLine, "GET\r\n\r\n"),
    Example(.malformedRequestLine, "GET /\r\n\r\n"),
    Example(.malformedRequestLine, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.malformedRequestLine, "GET /  HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.malformedRequestLine, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"),
    Example(.malformedRequestLine, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.malformedRequestLine, " GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidMethod, "G@T / HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidMethod, "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTarget, "GET /\u{0} HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTarget, "GET /\u{E9} HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTarget, "GET /#part HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET * HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET a/b HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://a\\@b/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://user@h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://user:pass@h:80/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://@h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://h:99999/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://h:65536/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://h:0/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://h:8a/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://h:+80/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http:// HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://?q HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://:80/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http:/h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http:h HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://h\\x/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://a|b/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://h%4/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://[::1/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://[::1]x/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET http://::1/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET javascript://x HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET ws://h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET httpx://h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "GET ://h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "OPTIONS http://h@i HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "CONNECT h:0 HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "CONNECT u@h:1 HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "CONNECT :1 HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.bodyNotAllowed, "TRACE / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"),
    Example(.bodyNotAllowed, "TRACE / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Example(.bodyNotAllowed, "CONNECT h:1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"),
    Example(.invalidTargetForm, "CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.invalidTargetForm, "CONNECT host HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(.malformedVersion, "GET / http/1.1\r\nHost: h\r\n\r\n"),
    Example(.malformedVersion, "GET / HTTP/1.10\r\nHost: h\r\n\r\n"),
    Example(.unsupportedVersion, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
    Example(.emptyFieldName, get(": a")),
    Example(.invalidFieldName, get("X(): a")),
    Example(.invalidFieldName, get("X\u{0}: a")),
    Example(.invalidFieldName, get("X Y: a")),
    Example(.invalidFieldName, get("Caf\u{E9}: a")),
    Example(.missingColon, get("X")),
    Example(.missingColon, get("X a")),
    Example(.whitespaceBeforeColon, get("X : a")),
    Example(.whitespaceBeforeColon, get("Content-Length\t: 5")),
    Example(.whitespaceBeforeFirstField, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
    Example(.obsoleteLineFolding, get("X: a\r\n b")),
    Example(.obsoleteLineFolding, get("X: a\r\n\tb")),
    Example(.nulInFieldValue, get("X: a\u{0}b")),
    Example(.nulInFieldValue, get("X: aaaaaaaaaaaaaaaaaaaaaaa\u{0}bbbbbbbbbb")),
    Example(.controlCharacterInFieldValue, get("X: a\u{1}b")),
    Example(.controlCharacterInFieldValue, get("X: 1234567\u{7F}")),
    Example(.tooManyFields, get("X: y")) { $0.maximumFieldCount = 1 },
    Example(.missingHost, "GET / HTTP/1.1\r\n\r\n"),
    Example(.duplicateHost, get("HOST: h")),
    Example(.invalidHost, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    Example(.invalidHost, "GET / HTTP/1.1\r\nHost: user@h\r\n\r\n"),
    Example(.invalidHost, "GET / HTTP/1.1\r\nHost: h:80a\r\n\r\n"),
    Example(.invalidHost, "GET / HTTP/1.1\r\nHost: h, h\r\n\r\n"),
    Example(.invalidHost, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
    Example(.invalidContentLength, get("Content-Length: ")),
    Example(.invalidContentLength, get("Content-Length: +5")),
    Example(.invalidContentLength, get("Content-Length: -5")),
    Example(.invalidContentLength, get("Content-Length: 0x5")),
    Example(.invalidContentLength, get("Content-Length: 5 5")),
    Example(.invalidContentLength, get("Content-Length: 5,")),
    Example(.invalidContentLength, get("Content-Length: 1_0")),
    Example(.contentLengthOverflow, get("Content-Length: 9223372036854775808")),
    Example(.contentLengthOverflow, get("Content-Length: 99999999999999999999999999")),
    Example(.conflictingContentLengths, get("Content-Length: 5\r\nContent-Length: 6")),
    Example(.conflictingContentLengths, get("Content-Length: 5, 6")),
    Example(.transferEncodingWithContentLength, get("Content-Length: 5\r\nTransfer-Encoding: chunked")),
    Example(.transferEncodingWithContentLength, get("transfer-encoding: chunked\r\ncontent-length: 5")),
    Example(.transferEncodingInHTTP10, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    Example(.invalidTransferEncoding, get("Transfer-Encoding: ")),
    Example(.invalidTransferEncoding, get("Transfer-Encoding: , ,")),
    Example(.invalidTransferEncoding, get("Transfer-Encoding: ;chunked")),
    Example(.invalidTransferEncoding, get("Transfer-Encoding: \"chunked\"")),
    Example(.chunkedTwice, get("Transfer-Encoding: chunked,, chunked")),
    Example(.chunkedNotFinal, get("Transfer-Encoding: chunked, gzip,")),
    Example(.unsupportedTransferCoding, get("Transfer-Encoding: gzip, chunked")),
    Example(.unsupportedTransferCoding, get("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked")),
    Example(.chunkedNotFinal, get("Transfer-Encoding: gzip")),
    Example(.chunkedNotFinal, get("Transfer-Encoding: identity")),
    Example(.chunkedNotFinal, get("Transfer-Encoding: xchunked")),
    Example(.chunkedNotFinal, get("Transfer-Encoding: chunked;a=b")),
    Example(.chunkedNotFinal, get("Transfer-Encoding: chunked, gzip")),
    Example(.chunkedTwice, get("Transfer-Encoding: chunked, chunked")),
    Example(.bodyTooLarge, get("Content-Length: 6")) { $0.maximumBodySize = 5 },
    Example(.bodyTooLarge, chunks("3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n")) { $0.maximumBodySize = 5 },
    Example(.missingChunkSize, chunks("zz\r\n")),
    Example(.missingChunkSize, chunks("\r\n")),
    Example(.missingChunkSize, chunks("-1\r\n")),
    Example(.missingChunkSize, chunks("+1\r\n")),
    Example(.missingChunkSize, chunks(" 1\r\n")),
    Example(.missingChunkSize, chunks(";a\r\n")),
    Example(.invalidChunkSize, chunks("0x1\r\n")),
    Example(.invalidChunkSize, chunks("1_0\r\n")),
    Example(.invalidChunkSize, chunks("5 \r\nhello\r\n0\r\n\r\n")),
    Example(.chunkSizeOverflow, chunks("8000000000000000\r\n")),
    Example(.chunkSizeOverflow, chunks("ffffffffffffffff\r\n")),
    Example(.chunkSizeOverflow, chunks("10000000000000005\r\n")),
    Example(.chunkSizeOverflow, chunks("0000000000000000018000000000000000\r\n")),
    Example(.chunkExtensionsTooLarge, chunks(String(repeating: "00000000000000000001\r\nx\r\n", count: 4097))),
    Example(.chunkExtensionsTooLarge, chunks("00000000000000000\r\n\r\n")) { $0.maximumChunkExtensionsSize = 0 },
    Example(.invalidChunkExtension, chunks("1;\r\n")),
    Example(.invalidChunkExtension, chunks("1;a=\r\n")),
    Example(.invalidChunkExtension, chunks("1;a=\"b\r\n")),
    Example(.invalidChunkExtension, chunks("1;a=\"b\u{0}\"\r\n")),
    Example(.invalidChunkExtension, chunks("1;a b\r\n")),
    Example(.chunkLineTooLong, chunks("1;aaaaaaaaaa\r\n")) { $0.maximumChunkLineLength = 10 },
    Example(.chunkLineTooLong, chunks(String(repeating: "0", count: 1025))),
    Example(.chunkExtensionsTooLarge, chunks("1;a\r\nx\r\n1;b\r\nx\r\n0\r\n\r\n")) {
      $0.maximumChunkExtensionsSize = 3
    },
    Example(.missingChunkEnd, chunks("1\r\nab\r\n")),
    Example(.missingChunkEnd, chunks("1\r\na\n")),
    Example(.missingChunkEnd, chunks("1\r\na\rb")),
    Example(.trailersTooLarge, chunks("0\r\nA: b\r\n\r\n")) { $0.maximumTrailersSize = 7 },
    Example(.tooManyTrailers, chunks("0\r\nA: b\r\nC: d\r\n\r\n")) { $0.maximumTrailerCount = 1 },
    Example(.whitespaceBeforeColon, chunks("0\r\nA : b\r\n\r\n")),
    Example(.endedInsideHead, "G"),
    Example(.endedInsideHead, "GET / HTTP/1.1\r\nHost: h\r\n"),
    Example(.endedInsideBody, get("Content-Length: 5") + "hell"),
    Example(.endedInsideBody, chunks("5\r\nhello\r\n")),
    Example(.endedInsideTrailers, chunks("0\r\n")),
  ]

  static let responses: [Example] = [
    Example(.malformedStatusLine, "\r\nHTTP/1.1 200 OK\r\n\r\n"),
    Example(.malformedStatusLine, "ICY 200 OK\r\n\r\n"),
    Example(.malformedStatusLine, "HTTP/1.1\r\n\r\n"),
    Example(.malformedVersion, "HTTP-1.1 200 OK\r\n\r\n"),
    Example(.unsupportedVersion, "HTTP/2.0 200 OK\r\n\r\n"),
    Example(.invalidStatusCode, "HTTP/1.1 20 OK\r\n\r\n"),
    Example(.invalidStatusCode, "HTTP/1.1 2000 OK\r\n\r\n"),
    Example(.invalidStatusCode, "HTTP/1.1 099 OK\r\n\r\n"),
    Example(.invalidStatusCode, "HTTP/1.1 +20 OK\r\n\r\n"),
    Example(.invalidStatusCode, "HTTP/1.1  200 OK\r\n\r\n"),
    Example(.invalidReasonPhrase, "HTTP/1.1 200 a\u{0}b\r\n\r\n"),
    Example(.bareCR, "HTTP/1.1 200 a\rb\r\n\r\n"),
    Example(.bareLF, "HTTP/1.1 200 OK\n\n"),
    Example(.startLineTooLong, "HTTP/1.1 200 OK and more\r\n\r\n") { $0.maximumLineLength = 16 },
    Example(.whitespaceBeforeFirstField, "HTTP/1.1 200 OK\r\n X: y\r\n\r\n"),
    Example(.whitespaceBeforeColon, ok("X : y")),
    Example(.nulInFieldValue, ok("X: a\r\n \u{0}")),
    Example(.conflictingContentLengths, ok("Content-Length: 5\r\nContent-Length: 6")),
    Example(.transferEncodingWithContentLength, ok("Content-Length: 5\r\nTransfer-Encoding: chunked")),
    Example(.transferEncodingInHTTP10, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    Example(.unsupportedTransferCoding, ok("Transfer-Encoding: br, chunked")),
    Example(.unsupportedTransferCoding, ok("Transfer-Encoding: gzip\r\nTransfer-Encoding: , chunked,")),
    Example(.chunkedNotFinal, ok("Transfer-Encoding: chunked;a=b")),
    Example(.chunkedNotFinal, ok("Transfer-Encoding: gzip, chunked ;a=b")),
    Example(.invalidTransferEncoding, ok("Transfer-Encoding: =gzip")),
    Example(.transferEncodingWithContentLength, ok("Content-Length: 5\r\nTransfer-Encoding: gzip")),
    Example(.transferEncodingInHTTP10, "HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
    Example(.conflictingLocations, "HTTP/1.1 302 Found\r\nLocation: /a\r\nlocation: /b\r\n\r\n"),
    Example(.conflictingLocations, "HTTP/1.1 201 Made\r\nLocation: /a\r\nLocation: /a\r\nLocation:\r\n\r\n"),
    Example(.missingChunkSize, okChunks("zz\r\n")),
    Example(.bodyTooLarge, "HTTP/1.1 200 OK\r\n\r\nabcdef") { $0.maximumBodySize = 5 },
    Example(.tooManyInformationalResponses, "HTTP/1.1 100 \r\n\r\nHTTP/1.1 100 \r\n\r\n") {
      $0.maximumInformationalResponses = 1
    },
    Example(.endedBeforeHead, ""),
    Example(.endedBeforeHead, "HTTP/1.1 100 Continue\r\n\r\n"),
    Example(.endedInsideHead, "HTTP/1.1 200 OK\r\n"),
    Example(.endedInsideBody, ok("Content-Length: 5") + "hell"),
    Example(.endedInsideBody, okChunks("")),
    Example(.endedInsideTrailers, okChunks("0\r\nA: b\r\n")),
  ]

  @Test(arguments: requests)
  func `a malformed request is rejected by name`(example: Example) {
    let error = requestError(example.text, limits: example.limits)
    #expect(error?.kind == example.kind)
    #expect(error?.message == .request)
  }

  @Test(arguments: responses)
  func `a malformed response is rejected by name`(example: Example) {
    let error = responseError(example.text, to: example.method, limits: example.limits)
    #expect(error?.kind == example.kind)
    #expect(error?.message == .response)
  }

  @Test func `each malformed message is rejected the same when it comes byte by byte`() throws {
    for example in Self.requests {
      let bytes = Array(example.text.utf8)
      let whole = try requestTranscript(bytes, limits: example.limits)
      let cuts = bytes.isEmpty ? [] : Array(1..<bytes.count)
      #expect(try requestTranscript(bytes, cuts: cuts, limits: example.limits) == whole)
    }
    for example in Self.responses {
      let bytes = Array(example.text.utf8)
      let whole = try responseTranscript(bytes, to: [example.method], limits: example.limits)
      let cuts = bytes.isEmpty ? [] : Array(1..<bytes.count)
      #expect(try responseTranscript(bytes, to: [example.method], cuts: cuts, limits: example.limits) == whole)
    }
  }

  @Test func `every kind of reading error has an example`() {
    let writing: Set<HTTP1Error.Kind> = [
      .framingFieldInFields, .invalidFraming, .bodyLongerThanDeclared, .bodyShorterThanDeclared,
      .trailersNotAllowed, .writtenAfterEnd,
    ]
    let shown = Set((Self.requests + Self.responses).map(\.kind))
    #expect(Set(HTTP1Error.Kind.allCases).subtracting(writing).subtracting(shown) == [])
  }

  @Test func `limits admit what is exactly as large as they say`() {
    let limits = { (change: (inout HTTP1Limits) -> Void) in
      var limits = HTTP1Limits()
      change(&limits)
      return limits
    }
    let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    #expect(requestError(request, limits: limits { $0.maximumLineLength = 16 }) == nil)
    #expect(requestError(request, limits: limits { $0.maximumLineLength = 15 })?.kind == .startLineTooLong)
    #expect(requestError(request, limits: limits { $0.maximumHeadSize = 27 }) == nil)
    #expect(requestError(request, limits: limits { $0.maximumHeadSize = 26 })?.kind == .headTooLarge)
    #expect(requestError(request, limits: limits { $0.maximumFieldCount = 1 }) == nil)
    let body = Self.get("Content-Length: 5") + "hello"
    #expect(requestError(body, limits: limits { $0.maximumBodySize = 5 }) == nil)
    let chunked = Self.chunks("2;x\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n")
    #expect(requestError(chunked, limits: limits { $0.maximumBodySize = 5 }) == nil)
    #expect(requestError(chunked, limits: limits { $0.maximumChunkLineLength = 5 }) == nil)
    #expect(requestError(chunked, limits: limits { $0.maximumChunkExtensionsSize = 2 }) == nil)
    #expect(requestError(chunked, limits: limits { $0.maximumTrailersSize = 8 }) == nil)
    #expect(requestError(chunked, limits: limits { $0.maximumTrailerCount = 1 }) == nil)
  }

  @Test func `an error is repeated by every later call`() {
    var parser = HTTP1RequestParser()
    let bad = Array("GET / HTTP/3.0\r\n".utf8)
    var offset = 0
    #expect(throws: HTTP1Error.self) { try parser.next(in: bad, at: &offset) }
    offset = 0
    let again = #expect(throws: HTTP1Error.self) { try parser.next(in: Array("GET".utf8), at: &offset) }
    #expect(again?.kind == .unsupportedVersion)
    let finish = #expect(throws: HTTP1Error.self) { try parser.finish() }
    #expect(finish?.kind == .unsupportedVersion)
  }

  @Test func `descriptions are one clear line with the bytes escaped and cut`() {
    #expect(
      responseError(Self.okChunks("zz\r\n"))?.description
        == #"HTTP response: chunk size has no hexadecimal digit ("zz")"#)
    #expect(
      requestError(Self.get("X: \"\\\u{0}\u{1B}[31m\u{E9}"))?.description
        == #"HTTP request: field value has a NUL ("X: \"\\\x00\x1B[31m\xC3\xA9")"#)
    let long = requestError(Self.get("X y " + String(repeating: "z", count: 100)))
    #expect(long?.excerpt == "X y " + String(repeating: "z", count: 28) + "...")
    for kind in HTTP1Error.Kind.allCases {
      #expect(kind.description.utf8.allSatisfy { 0x20..<0x7F ~= $0 } && kind.description.count > 10)
    }
    #expect(Set(HTTP1Error.Kind.allCases.map(\.description)).count == HTTP1Error.Kind.allCases.count)
  }
}
