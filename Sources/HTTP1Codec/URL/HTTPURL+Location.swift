// SPDX-License-Identifier: Apache-2.0
// Servers put unencoded text into Location: names in UTF-8, spaces, brackets. Browsers (the WHATWG's URL Standard) and
// curl encode that and follow. They disagree only about `\`, which browsers read as `/`. Where that would decide about
// the host, it is refused here.

extension HTTPURL {
  /// Resolves the value of a Location field against this URL, like ``resolving(_:)``. After the host it is as lenient
  /// as browsers and curl.
  ///
  /// Bytes that a URL may not have there are percent-encoded. Those are bytes outside ASCII, the space, control
  /// characters, `"`, `<`, `>`, `[`, `\`, `]`, `^`, the backtick, `{`, `|`, `}`, and a `%` without its two digits. The
  /// fragment is dropped unchecked.
  ///
  /// Nothing is repaired that decides where the request goes. A host outside ASCII, user information, and a port out of
  /// range are errors. So is a value that begins with `\` or `/\`, which browsers read as `//`.
  ///
  /// ```swift
  /// let base = try HTTPURL("http://example.org/a/b")
  /// let next = try base.resolving(location: Array("Zürich [1].html?a|b".utf8))
  /// assert(next.description == "http://example.org/a/Z%C3%BCrich%20%5B1%5D.html?a%7Cb")
  /// ```
  ///
  /// - Parameter value: The field's bytes; see ``HTTPFields/valueBytes(at:)``.
  /// - Throws: `HTTPURLError`, which names the reason; an unknown scheme is `unsupportedScheme`.
  public func resolving(location value: some Collection<UInt8>) throws(HTTPURLError) -> HTTPURL {
    let bytes = [UInt8](value)
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(KindError) in
        let encoded = try Self.encodingLocation(bytes)
        return try encoded.span.withUnsafeBytes { (bytes) throws(KindError) in try resolve(bytes) }
      }
    }
    switch result {
    case .success(let url): return url
    case .failure(let error): throw HTTPURLError(error.kind, String(decoding: bytes, as: UTF8.self))
    }
  }

  /// The reference without its fragment, and with the characters percent-encoded that paths and queries may not have.
  private static func encodingLocation(_ bytes: ByteView) throws(KindError) -> [UInt8] {
    let start = URLReference.schemeEnd(of: bytes).map { $0 + 1 } ?? 0
    func byte(_ offset: Int) -> UInt8? { offset < bytes.count ? bytes[offset] : nil }
    var offset = start
    if byte(start) == ASCII.slash, byte(start + 1) == ASCII.slash {
      offset = start + 2
      while let next = byte(offset), next != ASCII.slash, next != ASCII.question, next != ASCII.hash { offset += 1 }
    } else if byte(start) == ASCII.backslash || byte(start) == ASCII.slash && byte(start + 1) == ASCII.backslash {
      throw KindError(.invalidCharacter)
    }
    var encoded = [UInt8](bytes[..<offset])
    while let next = byte(offset), next != ASCII.hash {
      let stays = next == ASCII.percent ? URLHost.isPercentEncoded(bytes, at: offset) : ByteSet.query.contains(next)
      if stays { encoded.append(next) } else { encoded.append(percentEncoded: next) }
      offset += 1
    }
    return encoded
  }
}

extension [UInt8] {
  /// Appends `%` and the two digits of a byte.
  mutating func append(percentEncoded byte: UInt8) {
    let digits: StaticString = "0123456789ABCDEF"
    digits.withUTF8Buffer { self += [ASCII.percent, $0[Int(byte >> 4)], $0[Int(byte & 15)]] }
  }
}
