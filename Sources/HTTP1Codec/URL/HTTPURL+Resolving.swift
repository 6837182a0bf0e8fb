// SPDX-License-Identifier: Apache-2.0

extension HTTPURL {
  /// Resolves a reference against this URL (RFC 3986 section 5.2): an absolute URL, `//host/path`, `/path`, `path`,
  /// `../path`, `?query` or nothing. Dot segments are removed, and the fragment is dropped. For the value of a Location
  /// field, use `resolving(location:)`.
  ///
  /// The caller decides whether to follow the result: it may lead to another host, or from https to http.
  ///
  /// ```swift
  /// let base = try HTTPURL("http://a/b/c/d;p?q")
  /// let next = try base.resolving("../g?y")
  /// assert(next.description == "http://a/b/g?y")
  /// ```
  ///
  /// - Throws: `HTTPURLError`, which names the reason; an unknown scheme is `unsupportedScheme`.
  public func resolving(_ reference: String) throws(HTTPURLError) -> HTTPURL {
    var copy = reference
    let result = copy.withUTF8 { utf8 in Result { () throws(KindError) in try resolve(ByteView(utf8)) } }
    switch result {
    case .success(let url): return url
    case .failure(let error): throw HTTPURLError(error.kind, reference)
    }
  }

  func resolve(_ bytes: ByteView) throws(KindError) -> HTTPURL {
    if URLReference.schemeEnd(of: bytes) != nil { return try HTTPURL(absolute: bytes).removingDotSegments() }
    if bytes.count >= 2, bytes[0] == ASCII.slash, bytes[1] == ASCII.slash {
      return try HTTPURL(scheme: scheme, afterColon: bytes).removingDotSegments()
    }
    let checked = try URLReference.checkedTarget(bytes)
    guard let first = checked.first else { return self }
    let text = bytes.text(0..<checked.count)
    switch first {
    case ASCII.slash: return with(target: text).removingDotSegments()
    case ASCII.question: return with(target: path + text)
    default:
      let path = path
      let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
      return with(target: folder + text).removingDotSegments()
    }
  }

  private func with(target: String) -> HTTPURL { HTTPURL(scheme: scheme, host: host, port: port, target: target) }

  private func removingDotSegments() -> HTTPURL {
    let path = path
    return with(target: URLReference.removingDotSegments(path) + target.dropFirst(path.count))
  }
}
