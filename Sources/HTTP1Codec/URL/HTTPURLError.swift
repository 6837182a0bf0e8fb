// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a URL for requests.
public struct HTTPURLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason, one name for each.
  public enum Kind: Hashable, Sendable, CaseIterable {
    /// The text does not begin with `scheme:`.
    case missingScheme
    /// The scheme is not http, https, ws or wss.
    case unsupportedScheme
    /// The scheme is not followed by `//` and a host.
    case missingHost
    /// The host is preceded by `user:password@`, which RFC 9110 section 4.2.4 tells recipients to treat as an error.
    case userInformation
    /// The host has a character that is not allowed in a registered name.
    case invalidHost
    /// The host is a name outside ASCII; use its `xn--` form.
    case internationalHost
    /// The host ends in a number and isn't four numbers from 0 to 255; libc may take it for an address.
    case invalidIPv4Address
    /// The brackets hold something else than an IPv6 address, perhaps with a zone.
    case invalidIPv6Address
    /// The port is not a number from 1 to 65535.
    case invalidPort
    /// The text has a space or a control character.
    case spaceOrControlCharacter
    /// The text has another character that paths, queries and fragments must percent-encode.
    case invalidCharacter
    /// A `%` isn't followed by two hexadecimal digits.
    case invalidPercentEncoding
  }

  /// The reason.
  public let kind: Kind
  /// The beginning of the text, escaped.
  public let excerpt: String

  init(_ kind: Kind, _ text: String) {
    self.kind = kind
    excerpt = HTTP1Error.excerpt(of: text.utf8)
  }

  /// The reason and the beginning of the text, in one line of ASCII.
  public var description: String { "URL: \(kind) (\"\(excerpt)\")" }
}

extension HTTPURLError.Kind: CustomStringConvertible {
  /// The reason in words.
  public var description: String {
    switch self {
    case .missingScheme: "there is no scheme such as https://"
    case .unsupportedScheme: "scheme is not http, https, ws or wss"
    case .missingHost: "there is no host"
    case .userInformation: "user information before the host is not accepted"
    case .invalidHost: "host is neither a name nor an address"
    case .internationalHost: "host is not ASCII; use its xn-- form"
    case .invalidIPv4Address: "host looks like an IPv4 address but is not valid"
    case .invalidIPv6Address: "host in brackets is not an IPv6 address"
    case .invalidPort: "port is not a number from 1 to 65535"
    case .spaceOrControlCharacter: "space or control character"
    case .invalidCharacter: "character must be percent-encoded"
    case .invalidPercentEncoding: "'%' is not followed by two hexadecimal digits"
    }
  }
}
