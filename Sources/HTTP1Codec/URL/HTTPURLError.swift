// SPDX-License-Identifier: Apache-2.0

/// Why a text is not a URL that can be requested.
public struct HTTPURLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Each reason by name.
  public enum Kind: Hashable, Sendable, CaseIterable {
    /// The text does not begin with `scheme:`.
    case missingScheme
    /// The scheme is none of http, https, ws, wss.
    case unsupportedScheme
    /// The scheme is not followed by `//` and a host.
    case missingHost
    /// `user:password@`; RFC 9110 section 4.2.4 tells recipients to treat it as an error.
    case userInformation
    /// A character that no registered name has.
    case invalidHost
    /// A name outside ASCII; its `xn--` form is needed.
    case internationalHost
    /// A host that ends in a number and isn't four numbers from 0 to 255, which libc may take for an address.
    case invalidIPv4Address
    /// Brackets around something other than an IPv6 address, perhaps with a zone.
    case invalidIPv6Address
    /// The port is not a number from 1 to 65535.
    case invalidPort
    /// A space or a control character.
    case spaceOrControlCharacter
    /// Another character that a path, query or fragment must have percent-encoded.
    case invalidCharacter
    /// `%` that isn't followed by two hexadecimal digits.
    case invalidPercentEncoding
  }

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
    case .unsupportedScheme: "scheme is none of http, https, ws, wss"
    case .missingHost: "there is no host"
    case .userInformation: "user information before the host is not accepted"
    case .invalidHost: "host is neither a name nor an address"
    case .internationalHost: "host is not ASCII; its xn-- form is needed"
    case .invalidIPv4Address: "host looks like an IPv4 address and is none"
    case .invalidIPv6Address: "host in brackets is not an IPv6 address"
    case .invalidPort: "port is not a number from 1 to 65535"
    case .spaceOrControlCharacter: "space or control character"
    case .invalidCharacter: "character must be percent-encoded"
    case .invalidPercentEncoding: "'%' is not followed by two hexadecimal digits"
    }
  }
}
