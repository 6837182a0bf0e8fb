// SPDX-License-Identifier: Apache-2.0
// The server's half. It stops at the end of each request until `startNext`. So a server that answers in turn does not
// have to store the heads of pipelined requests: their bytes wait in the input.

/// Reads HTTP/1.1 requests from bytes as they arrive, in any portions (RFC 9112).
///
/// Call `next` with the received bytes until it returns nil, then continue with newer input. Body bytes are ranges of
/// that input; nothing is copied. The events, and any error, do not depend on how the bytes were split, except where
/// one `.body` ends and the next begins.
///
/// ```swift
/// var parser = HTTP1RequestParser()
/// let received = Array("GET /a HTTP/1.1\r\nHost: example.org\r\n\r\nGET /b HT".utf8)
/// var offset = 0
/// while let event = try parser.next(in: received, at: &offset) {
///   if case .head(let head) = event { print(head.method, head.target) }
/// }
/// parser.startNext()   // received[offset...] begins the next request
/// ```
public struct HTTP1RequestParser: Sendable {
  /// A part of a request; the cases are in the order of their arrival.
  public enum Event: Sendable {
    /// The request line and fields. Comes once.
    case head(HTTP1RequestHead)
    /// Bytes of the body: a range of the input that was given to `next`, never empty.
    case body(Range<Int>)
    /// The trailer section, if it has fields. They do not affect framing. Do not merge them into the head unread (RFC
    /// 9110 section 6.5.1).
    case trailers(HTTPFields)
    /// The request is complete. Comes once.
    case end
  }

  private enum Phase {
    case requestLine
    case fields
    case body
    case ended
    case failed(HTTP1Error)
  }

  /// RFC 9112 section 2.2 asks servers to ignore at least one empty line before a request line: old clients send one
  /// after a body.
  private static let maximumEmptyLines = 4

  private let limits: HTTP1Limits
  private var phase = Phase.requestLine
  private var section: FieldSection
  private var body: BodyReader
  private var requestLine = RequestLine()
  private var emptyLines = 0

  /// Makes a parser for the first request of a connection.
  public init(limits: HTTP1Limits = HTTP1Limits()) {
    self.limits = limits
    section = FieldSection(message: .request, bounds: limits.headBounds)
    body = BodyReader(message: .request, limits: limits)
  }

  /// Prepares the parser for the next request on the connection.
  ///
  /// - Precondition: The previous request has ended.
  public mutating func startNext() {
    guard case .ended = phase else { preconditionFailure("startNext: the request before it has not ended") }
    emptyLines = 0
    phase = .requestLine
  }

  /// Whether the request has ended and `startNext` may be called.
  public var hasEnded: Bool {
    if case .ended = phase { true } else { false }
  }

  /// Whether no byte of a request line has come, so that closing the connection now cuts nothing off.
  public var isIdle: Bool {
    if case .requestLine = phase { section.isEmpty } else { false }
  }

  /// Returns the next event from `input`, beginning at `offset`, and moves `offset` past the bytes taken.
  ///
  /// Returns nil when all input was taken and more is needed, or when the request has ended. In the latter case, bytes
  /// from `offset` on belong to what follows.
  ///
  /// - Throws: `HTTP1Error` if the bytes are not a request by RFC 9112, or exceed a limit. Every later call throws that
  ///   error again. Answer with a 4xx or 5xx and close the connection.
  public mutating func next(in input: RawSpan, at offset: inout Int) throws(HTTP1Error) -> Event? {
    try input.withUnsafeBytes { (bytes) throws(HTTP1Error) in try next(in: bytes, at: &offset) }
  }

  /// Returns the next event from an array; see `next(in:at:)` with a `RawSpan`.
  public mutating func next(in input: [UInt8], at offset: inout Int) throws(HTTP1Error) -> Event? {
    try next(in: input.span.bytes, at: &offset)
  }

  /// Returns the next event from memory that must not be lent as a span; see `next(in:at:)` with a `RawSpan`. The
  /// memory is read during the call only.
  public mutating func next(
    in input: UnsafeRawBufferPointer, at offset: inout Int
  ) throws(HTTP1Error) -> Event? {
    precondition(offset >= 0 && offset <= input.count, "next: offset outside the input")
    if case .failed(let error) = phase { throw error }
    do throws(HTTP1Error) { return try advance(input, &offset) } catch {
      phase = .failed(error)
      throw error
    }
  }

  /// Tells the parser that the input has ended, which is valid between two requests.
  ///
  /// - Throws: `HTTP1Error` (`endedInsideHead`, `endedInsideBody`, `endedInsideTrailers`) if a request was cut off.
  public mutating func finish() throws(HTTP1Error) {
    do throws(HTTP1Error) {
      switch phase {
      case .failed(let error): throw error
      case .ended: return
      case .requestLine where section.isEmpty: return
      case .requestLine, .fields: throw HTTP1Error(.request, .endedInsideHead)
      case .body:
        try body.finish()
        phase = .ended
      }
    } catch {
      phase = .failed(error)
      throw error
    }
  }

  @inline(__always)
  private mutating func advance(_ input: ByteView, _ offset: inout Int) throws(HTTP1Error) -> Event? {
    while true {
      switch phase {
      case .requestLine:
        guard let range = try section.nextLine(in: input, at: &offset, tooLong: .startLineTooLong) else { return nil }
        if range.isEmpty {
          emptyLines += 1
          guard emptyLines <= Self.maximumEmptyLines else { throw HTTP1Error(.request, .tooManyEmptyLines) }
          section.dropLines()
          continue
        }
        requestLine = try section.storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
          try RequestLine(bytes, range)
        }
        phase = .fields
      case .fields:
        guard try section.readFields(in: input, at: &offset) else { return nil }
        return .head(try takeHead())
      case .body:
        guard let piece = try body.next(in: input, at: &offset) else { return nil }
        switch piece {
        case .bytes(let range): return .body(range)
        case .trailers(let fields): return .trailers(fields)
        case .end:
          phase = .ended
          return .end
        }
      case .ended:
        return nil
      case .failed(let error):
        throw error
      }
    }
  }

  private mutating func takeHead() throws(HTTP1Error) -> HTTP1RequestHead {
    let seen = section.seen
    let fields = section.take()
    let version = requestLine.version
    try checkHost(fields, seen)
    let framing = try HTTP1BodyFraming.declared(by: fields, seen: seen, version: version, of: .request) ?? .none
    try framing.check(limits, of: .request)
    try framing.check(requestLine.method)
    body.start(framing)
    phase = .body
    return HTTP1RequestHead(
      method: requestLine.method, version: version, targetForm: requestLine.form, fields: fields, framing: framing,
      keepsConnectionAlive: fields.keepsAlive(version: version, seen: seen), targetRange: requestLine.target,
      hasExpectation: seen.contains(.expect))
  }

  /// RFC 9112 section 3.2: an HTTP/1.1 request has exactly one Host, which is a host or empty.
  private func checkHost(_ fields: borrowing HTTPFields, _ seen: FieldSection.Seen) throws(HTTP1Error) {
    guard seen.contains(.host) else {
      if requestLine.version == .http1_0 { return }
      throw HTTP1Error(.request, .missingHost)
    }
    if seen.contains(.secondHost) { throw HTTP1Error(.request, .duplicateHost) }
    let lines = fields.lines
    try fields.storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
      for line in lines where bytes.part(line.name).equalsIgnoringCase("host") {
        let value = bytes.part(line.value)
        guard value.isEmpty || URLHost.isHostAndPort(value, requiringPort: false) else {
          throw HTTP1Error(.request, .invalidHost, value)
        }
      }
    }
  }
}

extension HTTP1Limits {
  var headBounds: FieldSection.Bounds {
    FieldSection.Bounds(
      lineLength: maximumLineLength, size: maximumHeadSize, count: maximumFieldCount, tooLarge: .headTooLarge,
      tooMany: .tooManyFields)
  }
}
