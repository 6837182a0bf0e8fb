// SPDX-License-Identifier: Apache-2.0

/// Which content coding a response gets, by Accept-Encoding (RFC 9110 section 12.5.3).
///
/// ```swift
/// let choice = ContentCodingChoice(accepting: ["gzip, br;q=0.9"], from: ["br", "gzip"])
/// assert(choice == .coding("gzip"))
/// ```
public enum ContentCodingChoice: Hashable, Sendable {
  /// The representation as it is.
  case identity
  /// One of those that were offered.
  case coding(String)
  /// The client refuses all of them and identity: 406, or identity all the same.
  case notAcceptable

  /// The offered coding with the highest quality; of equal ones the first. Identity wins only with a higher quality
  /// than each, or when the field is not there.
  ///
  /// - Parameters:
  ///   - fields: The values of Accept-Encoding, one for each line.
  ///   - offered: Codings in lower case, the preferred one first, without `identity`.
  public init(accepting fields: [String], from offered: [String]) {
    guard !fields.isEmpty else {
      self = .identity
      return
    }
    let list = QualityList(fields: fields)
    var best: (name: String, quality: Int)?
    for name in offered {
      // "x-gzip" is equivalent to "gzip" (RFC 9110 section 8.4.1.3).
      let quality = list.quality(of: name) ?? 0
      let alias = list.elements.first { $0.name == "x-" + name }?.quality ?? 0
      if max(quality, alias) > best?.quality ?? 0 { best = (name, max(quality, alias)) }
    }
    // Identity is acceptable unless it, or `*` without it, has the quality 0. Unlisted it is the last resort.
    let listed = list.elements.first { $0.name == "identity" }?.quality
    let identity = listed ?? (list.elements.first { $0.name == "*" }?.quality == 0 ? 0 : 1)
    if let best, listed.map({ best.quality >= $0 }) ?? true {
      self = .coding(best.name)
    } else {
      self = identity > 0 ? .identity : .notAcceptable
    }
  }
}
