// SPDX-License-Identifier: Apache-2.0

extension HTTPURL {
  /// Parses an absolute URL. Its fragment is checked and dropped; nothing is encoded or repaired.
  ///
  /// - Throws: `HTTPURLError`, which names the reason.
  public init(_ text: String) throws(HTTPURLError) {
    var copy = text
    let result = copy.withUTF8 { utf8 in Result { () throws(KindError) in try HTTPURL(absolute: ByteView(utf8)) } }
    switch result {
    case .success(let url): self = url
    case .failure(let error): throw HTTPURLError(error.kind, text)
    }
  }

  /// Percent-encodes every character that a URL may not have. Those are spaces, control characters, characters outside
  /// ASCII, and `"`, `<`, `>`, `\`, `^`, the backtick, `{`, `|`, `}`. After the first `?`, `[` and `]` are encoded too.
  /// A `%` stays.
  ///
  /// Use it for text that people typed or old pages link to. It does not repair a host outside ASCII.
  ///
  /// ```swift
  /// let url = try HTTPURL(HTTPURL.encoding("http://example.org/Zürich?a[]=1"))
  /// assert(url.target == "/Z%C3%BCrich?a%5B%5D=1")
  /// ```
  public static func encoding(_ text: String) -> String {
    var encoded: [UInt8] = []
    var isInQuery = false
    for byte in text.utf8 {
      if byte == ASCII.question { isInQuery = true }
      let isBracket = byte == ASCII.openBracket || byte == ASCII.closeBracket
      let stays =
        ByteSet.query.contains(byte) || byte == ASCII.percent || byte == ASCII.hash || isBracket && !isInQuery
      if stays {
        encoded.append(byte)
      } else {
        encoded.append(percentEncoded: byte)
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  init(absolute bytes: ByteView) throws(KindError) {
    guard let schemeEnd = URLReference.schemeEnd(of: bytes) else { throw KindError(.missingScheme) }
    guard let scheme = Scheme(lowercasing: bytes.part(0..<schemeEnd)) else { throw KindError(.unsupportedScheme) }
    try self.init(scheme: scheme, afterColon: bytes.part(schemeEnd + 1..<bytes.count))
  }

  /// Parses `"//" authority path [ "?" query ] [ "#" fragment ]`.
  init(scheme: Scheme, afterColon bytes: ByteView) throws(KindError) {
    guard bytes.count >= 2, bytes[0] == ASCII.slash, bytes[1] == ASCII.slash else { throw KindError(.missingHost) }
    var end = 2
    while end < bytes.count, bytes[end] != ASCII.slash, bytes[end] != ASCII.question, bytes[end] != ASCII.hash {
      end += 1
    }
    let (host, port) = try Self.authority(bytes.part(2..<end))
    let rest = bytes.part(end..<bytes.count)
    let target = try URLReference.checkedTarget(rest)
    self.init(
      scheme: scheme, host: host, port: port ?? scheme.defaultPort,
      target: target.first == ASCII.slash ? rest.text(0..<target.count) : "/" + rest.text(0..<target.count))
  }

  private static func authority(_ bytes: ByteView) throws(KindError) -> (Host, port: Int?) {
    if bytes.contains(ASCII.at) { throw KindError(.userInformation) }
    guard let separator = URLHost.portSeparator(in: bytes) else { return (try URLHost.parse(bytes).get(), nil) }
    let host = try URLHost.parse(bytes.part(0..<separator)).get()
    let digits = bytes.part(separator + 1..<bytes.count)
    if digits.isEmpty { return (host, nil) }
    guard let port = URLHost.port(digits) else { throw KindError(.invalidPort) }
    return (host, port)
  }
}

extension HTTPURL.Scheme {
  init?(lowercasing bytes: ByteView) {
    if bytes.equalsIgnoringCase("https") {
      self = .https
    } else if bytes.equalsIgnoringCase("http") {
      self = .http
    } else if bytes.equalsIgnoringCase("wss") {
      self = .wss
    } else if bytes.equalsIgnoringCase("ws") {
      self = .ws
    } else {
      return nil
    }
  }
}
