// SPDX-License-Identifier: Apache-2.0

extension HTTP1MessageWriter {
  /// Appends the head of a request and returns the writer of its body.
  ///
  /// Host comes first, then `fields` in their order, then the framing field. `.none` writes `Content-Length: 0` for
  /// POST, PUT and PATCH (RFC 9110 section 8.6). Method, target and values are checked, so that foreign text cannot
  /// break out of its place.
  ///
  /// ```swift
  /// var bytes: [UInt8] = []
  /// let url = try HTTPURL("http://example.org/search?q=swift")
  /// var writer = try HTTP1MessageWriter.request(.get, target: url.target, host: url.authority, into: &bytes)
  /// try writer.end(into: &bytes)
  /// ```
  ///
  /// - Parameters:
  ///   - target: The origin-form, the absolute-form (http or https, to a proxy), the authority-form (CONNECT), or `*`
  ///     (OPTIONS).
  ///   - host: The value of Host: empty, or a name or address, followed by the port if it is not the scheme's default.
  ///   - fields: All other fields, without Host, Content-Length and Transfer-Encoding.
  ///   - framing: Any framing but `.untilClose`; TRACE and CONNECT have no body.
  /// - Throws: `HTTP1Error` (`invalidTarget`, `invalidTargetForm`, `invalidHost`, `framingFieldInFields`,
  ///   `invalidFraming`, `bodyNotAllowed`); then nothing was appended.
  public static func request(
    _ method: HTTPMethod, target: String, host: String, fields: HTTPFields = HTTPFields(),
    framing: HTTP1BodyFraming = .none, into buffer: inout [UInt8]
  ) throws(HTTP1Error) -> HTTP1MessageWriter {
    try check(target, for: method)
    var hostText = host
    let isHost = hostText.withUTF8 { $0.isEmpty || URLHost.isHostAndPort(ByteView($0), requiringPort: false) }
    guard isHost else { throw HTTP1Error(.request, .invalidHost, host.utf8) }
    try check(fields, of: .request)
    switch framing {
    case .untilClose: throw HTTP1Error(.request, .invalidFraming)
    case .contentLength(let length) where length < 0: throw HTTP1Error(.request, .invalidFraming)
    default: break
    }
    try framing.check(method)
    buffer.append(text: method.name)
    buffer.append(ASCII.space)
    buffer.append(text: target)
    buffer.append(text: " HTTP/1.1\r\nHost: ")
    buffer.append(text: host)
    buffer.append(text: "\r\n")
    append(fields, into: &buffer)
    let announcesNothing = framing == .none && (method == .post || method == .put || method == .patch)
    append(announcesNothing ? .contentLength(0) : framing, into: &buffer)
    buffer.append(text: "\r\n")
    return HTTP1MessageWriter(
      .request, framing: framing, keepsConnectionAlive: !fields.contains(element: "close", in: "connection"),
      omitsBody: false)
  }

  private static func check(_ target: String, for method: HTTPMethod) throws(HTTP1Error) {
    guard !target.isEmpty, target.utf8.allSatisfy({ RequestTarget.isAllowed($0) }) else {
      throw HTTP1Error(.request, .invalidTarget, target.utf8)
    }
    var text = target
    let form = text.withUTF8 { RequestTarget.form(of: ByteView($0), for: method) }
    guard form != nil else { throw HTTP1Error(.request, .invalidTargetForm, target.utf8) }
  }
}
