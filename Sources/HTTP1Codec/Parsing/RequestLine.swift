// SPDX-License-Identifier: Apache-2.0

/// `method SP request-target SP HTTP-version` (RFC 9112 section 3), with exactly these two spaces.
struct RequestLine {
  var method = HTTPMethod.get
  var target = 0..<0
  var form = HTTP1RequestHead.TargetForm.origin
  var version = HTTP1Version.http1_1

  init() {}

  @inline(__always)
  init(_ bytes: ByteView, _ line: Range<Int>) throws(HTTP1Error) {
    var offset = line.lowerBound
    while offset < line.upperBound, ByteSet.token.contains(bytes[offset]) { offset += 1 }
    let methodEnd = offset
    guard methodEnd > line.lowerBound, methodEnd < line.upperBound, bytes[methodEnd] == ASCII.space else {
      throw Self.problem(bytes, line, methodEnd)
    }
    offset = methodEnd + 1
    while offset < line.upperBound, RequestTarget.isAllowed(bytes[offset]) { offset += 1 }
    guard offset < line.upperBound else { throw HTTP1Error(.request, .malformedRequestLine, bytes[line]) }
    target = methodEnd + 1..<offset
    guard bytes[offset] == ASCII.space else {
      throw HTTP1Error(.request, bytes[offset] == ASCII.cr ? .bareCR : .invalidTarget, bytes[line])
    }
    guard !target.isEmpty else { throw HTTP1Error(.request, .malformedRequestLine, bytes[line]) }
    let versionRange = offset + 1..<line.upperBound
    if bytes.firstOffset(of: ASCII.space, in: versionRange) != nil {
      throw HTTP1Error(.request, .malformedRequestLine, bytes[line])
    }
    version = try HTTP1Version(bytes, versionRange, of: .request)
    method = Self.method(bytes.part(line.lowerBound..<methodEnd))
    guard let form = RequestTarget.form(of: bytes.part(target), for: method) else {
      throw HTTP1Error(.request, .invalidTargetForm, bytes[line])
    }
    self.form = form
  }

  /// The method of a token. Most requests need no new text.
  @inline(__always)
  private static func method(_ token: ByteView) -> HTTPMethod {
    switch token.count {
    case 3 where token[0] == 0x47 && token[1] == 0x45 && token[2] == 0x54: .get
    case 4 where token[0] == 0x50 && token[1] == 0x4F && token[2] == 0x53 && token[3] == 0x54: .post
    default: HTTPMethod(token: token.text(0..<token.count))
    }
  }

  private static func problem(_ bytes: ByteView, _ line: Range<Int>, _ methodEnd: Int) -> HTTP1Error {
    if methodEnd == line.upperBound { return HTTP1Error(.request, .malformedRequestLine, bytes[line]) }
    let kind: HTTP1Error.Kind =
      switch bytes[methodEnd] {
      case ASCII.cr: .bareCR
      case ASCII.space: .malformedRequestLine
      default: .invalidMethod
      }
    return HTTP1Error(.request, kind, bytes[line])
  }
}

/// The request target (RFC 9112 section 3.2).
///
/// Accepts any visible ASCII character except `#`, which is more than RFC 3986 allows. Browsers send `|`, `{`, `"` and
/// the like in queries, and none of these can end the target.
enum RequestTarget {
  @inline(__always)
  static func isAllowed(_ byte: UInt8) -> Bool { ASCII.isVisible(byte) && byte != ASCII.hash }

  /// The target's form if the method allows it; otherwise nil.
  static func form(of target: ByteView, for method: HTTPMethod) -> HTTP1RequestHead.TargetForm? {
    guard let first = target.first else { return nil }
    if method == .connect { return URLHost.isHostAndPort(target, requiringPort: true) ? .authority : nil }
    if first == ASCII.slash { return .origin }
    if first == ASCII.asterisk { return target.count == 1 && method == .options ? .asterisk : nil }
    return isAbsolute(target) ? .absolute : nil
  }

  /// Whether this is an `absolute-form` (section 3.2.2) of the schemes that HTTP serves (RFC 9110 section 4.2). It has
  /// `http` or `https`, a non-empty host, perhaps a port, and no user information (section 4.2.4). A host that two
  /// readers could understand differently is refused.
  private static func isAbsolute(_ target: ByteView) -> Bool {
    guard let colon = target.firstOffset(of: ASCII.colon, in: 0..<target.count) else { return false }
    let scheme = target.part(0..<colon)
    guard scheme.equalsIgnoringCase("http") || scheme.equalsIgnoringCase("https") else { return false }
    let start = colon + 3
    guard target.count > start, target[colon + 1] == ASCII.slash, target[colon + 2] == ASCII.slash else { return false }
    var end = start
    while end < target.count, target[end] != ASCII.slash, target[end] != ASCII.question { end += 1 }
    return URLHost.isHostAndPort(target.part(start..<end), requiringPort: false)
  }
}
