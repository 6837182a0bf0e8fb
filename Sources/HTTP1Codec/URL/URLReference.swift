// SPDX-License-Identifier: Apache-2.0

/// The parts of RFC 3986 that absolute URLs and relative references share.
enum URLReference {
  /// The colon after the scheme; nil if the text does not begin with a scheme (section 3.1).
  static func schemeEnd(of bytes: ByteView) -> Int? {
    guard let first = bytes.first, ASCII.isLetter(first) else { return nil }
    var offset = 1
    while offset < bytes.count, ByteSet.scheme.contains(bytes[offset]) { offset += 1 }
    return offset < bytes.count && bytes[offset] == ASCII.colon ? offset : nil
  }

  /// Checks `path [ "?" query ] [ "#" fragment ]` and returns the part before the fragment.
  static func checkedTarget(_ bytes: ByteView) throws(KindError) -> ByteView {
    var end = bytes.count
    var allowed = ByteSet.path
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      if allowed.contains(byte) {
        offset += 1
      } else if byte == ASCII.percent {
        guard URLHost.isPercentEncoded(bytes, at: offset) else { throw KindError(.invalidPercentEncoding) }
        offset += 3
      } else if byte == ASCII.question {
        allowed = .query
        offset += 1
      } else if byte == ASCII.hash, end == bytes.count {
        end = offset
        allowed = .query
        offset += 1
      } else {
        let isBlank = byte <= ASCII.space || byte == ASCII.delete
        throw KindError(isBlank ? .spaceOrControlCharacter : .invalidCharacter)
      }
    }
    return bytes.part(0..<end)
  }

  /// `remove_dot_segments` of section 5.2.4, for a path that begins with `/`.
  static func removingDotSegments(_ path: String) -> String {
    var kept: [Substring] = []
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    for (position, segment) in segments.enumerated() {
      let isLast = position == segments.count - 1
      switch segment {
      case ".":
        if isLast { kept.append("") }
      case "..":
        _ = kept.popLast()
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return "/" + kept.joined(separator: "/")
  }
}
