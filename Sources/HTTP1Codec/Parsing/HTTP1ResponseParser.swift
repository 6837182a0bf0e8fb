// SPDX-License-Identifier: Apache-2.0
// The client's half. The end of a response depends on the method of its request, so the parser is told that method for
// each response. Until then it takes no byte beyond the previous response. Those bytes start the next response or,
// after a switch of protocols, belong to the new protocol.

/// Reads HTTP/1.1 responses from bytes as they arrive, in any portions (RFC 9112).
/// Call `next` with the received bytes until it returns nil, then continue with newer input. Body bytes are ranges of
/// that input; nothing is copied. The events, and any error, do not depend on how the bytes were split, except where
/// one `.body` ends and the next begins.
///
/// ```swift
/// var parser = HTTP1ResponseParser(respondingTo: .get)
/// let received = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".utf8)
/// var offset = 0
/// while let event = try parser.next(in: received, at: &offset) {
///   switch event {
///   case .informational: break
///   case .head(let head): print(head.status, head.fields["content-type"] ?? "")
///   case .body(let range): print(received[range])
///   case .trailers(let fields): print(fields)
///   case .end: print("complete")
///   }
/// }
/// ```
public struct HTTP1ResponseParser: Sendable {
  /// A part of a response; the cases are in the order of their arrival.
  public enum Event: Sendable {
    /// A 1xx response other than 101. It may be ignored; the final response is still to come.
    case informational(HTTP1ResponseHead)
    /// The final response. Comes once.
    case head(HTTP1ResponseHead)
    /// Bytes of the body: a range of the input that was given to `next`, never empty.
    case body(Range<Int>)
    /// The trailer section, if it has fields. They do not affect framing. Do not merge them into the head unread (RFC
    /// 9110 section 6.5.1).
    case trailers(HTTPFields)
    /// The response is complete. Comes once.
    case end
  }

  private enum Phase {
    case statusLine
    case fields
    case body
    case ended
    case failed(HTTP1Error)
  }

  private let limits: HTTP1Limits
  private var phase = Phase.statusLine
  private var method: HTTPMethod
  private var section: FieldSection
  private var body: BodyReader
  private var statusLine = StatusLine()
  private var informationalCount = 0

  /// Whether the connection has left HTTP, after a 101, or a 2xx to CONNECT. Further bytes belong to the new protocol.
  public private(set) var hasSwitchedProtocols = false

  /// Makes a parser for the response to a request with this method.
  public init(respondingTo method: HTTPMethod, limits: HTTP1Limits = HTTP1Limits()) {
    self.limits = limits
    self.method = method
    section = FieldSection(message: .response, bounds: limits.headBounds)
    body = BodyReader(message: .response, limits: limits)
  }

  /// Prepares the parser for the response to the next request on the connection.
  ///
  /// - Precondition: The previous response has ended.
  public mutating func startNext(respondingTo method: HTTPMethod) {
    guard case .ended = phase, !hasSwitchedProtocols else {
      preconditionFailure("startNext: the response before it has not ended, or the connection has left HTTP")
    }
    self.method = method
    informationalCount = 0
    phase = .statusLine
  }

  /// Whether the response has ended and `startNext` may be called.
  public var hasEnded: Bool {
    if case .ended = phase { true } else { false }
  }

  /// Returns the next event from `input`, beginning at `offset`, and moves `offset` past the bytes taken.
  ///
  /// Returns nil when all input was taken and more is needed, or when the response has ended. In the latter case, bytes
  /// from `offset` on belong to what follows.
  ///
  /// - Throws: `HTTP1Error` if the bytes are not a response by RFC 9112, or exceed a limit. Every later call throws
  ///   that error again.
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

  /// Tells the parser that the input has ended. Returns `.end` if this completes the response, nil if it was complete
  /// before.
  ///
  /// - Throws: `HTTP1Error` (`endedBeforeHead`, `endedInsideHead`, `endedInsideBody`, `endedInsideTrailers`) if a
  ///   part of the response is missing.
  public mutating func finish() throws(HTTP1Error) -> Event? {
    do throws(HTTP1Error) {
      switch phase {
      case .failed(let error): throw error
      case .ended: return nil
      case .statusLine where section.isEmpty: throw HTTP1Error(.response, .endedBeforeHead)
      case .statusLine, .fields: throw HTTP1Error(.response, .endedInsideHead)
      case .body:
        try body.finish()
        phase = .ended
        return .end
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
      case .statusLine:
        guard let range = try section.nextLine(in: input, at: &offset, tooLong: .startLineTooLong) else { return nil }
        statusLine = try section.storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
          try StatusLine(bytes, range)
        }
        phase = .fields
      case .fields:
        guard try section.readFields(in: input, at: &offset) else { return nil }
        return try takeHead()
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

  private mutating func takeHead() throws(HTTP1Error) -> Event {
    let seen = section.seen
    let fields = section.take()
    let status = statusLine.status
    let isInformational = status < 200 && status != 101
    let switches = status == 101 || method == .connect && 200..<300 ~= status
    if seen.contains(.secondLocation) { try checkLocations(fields) }
    let framing = try framing(of: status, fields, seen, switches: switches)
    try framing.check(limits, of: .response)
    let head = HTTP1ResponseHead(
      version: statusLine.version, status: status, fields: fields, framing: framing,
      keepsConnectionAlive: isInformational
        || !switches && framing != .untilClose && fields.keepsAlive(version: statusLine.version, seen: seen),
      reasonRange: statusLine.reason)
    if isInformational {
      informationalCount += 1
      guard informationalCount <= limits.maximumInformationalResponses else {
        throw HTTP1Error(.response, .tooManyInformationalResponses)
      }
      phase = .statusLine
      return .informational(head)
    }
    hasSwitchedProtocols = switches
    body.start(framing)
    phase = .body
    return .head(head)
  }

  /// Location is one URI (RFC 9110 section 10.2.2). A repeated equal one is harmless. If two differ, an attacker who
  /// can append a field to a response may have written one. Browsers refuse that, too.
  private func checkLocations(_ fields: borrowing HTTPFields) throws(HTTP1Error) {
    let lines = fields.lines
    try fields.storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
      var first: ByteView?
      for line in lines where bytes.part(line.name).equalsIgnoringCase("location") {
        let value = bytes.part(line.value)
        if let first, !first.elementsEqual(value) { throw HTTP1Error(.response, .conflictingLocations, value) }
        first = value
      }
    }
  }

  /// Applies the rules of RFC 9112 section 6.3 in their order: the first ones hold whatever the fields say.
  private func framing(
    of status: Int, _ fields: borrowing HTTPFields, _ seen: FieldSection.Seen, switches: Bool
  ) throws(HTTP1Error) -> HTTP1BodyFraming {
    if switches || method == .head || status < 200 || status == 204 || status == 304 { return .none }
    return try .declared(by: fields, seen: seen, version: statusLine.version, of: .response) ?? .untilClose
  }
}
