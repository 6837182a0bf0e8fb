// SPDX-License-Identifier: Apache-2.0
// The parts of a URL that an HTTP client needs. It is strict on purpose: URLs that two programs read differently send
// requests to hosts that were not meant. So nothing is repaired or encoded in silence. Everything that RFC 3986 doesn't
// allow is an error with a name, and `HTTPURL.encoding(_:)` is for text that people typed.

/// An absolute `http`, `https`, `ws` or `wss` URL (RFC 3986, RFC 9110 section 4.2, RFC 6455 section 3).
///
/// The scheme and the host are lower-cased, an empty path becomes `/`, and a fragment is dropped. All other parts stay
/// unchanged.
///
/// ```swift
/// let url = try HTTPURL("https://Example.org:8443/a/b?q=1#part")
/// assert(url.host.text == "example.org" && url.port == 8443 && url.target == "/a/b?q=1")
/// let next = try url.resolving("../c")
/// assert(next.description == "https://example.org:8443/c")
/// ```
public struct HTTPURL: Hashable, Sendable {
  /// The schemes that HTTP clients use.
  public enum Scheme: String, Sendable {
    case http, https, ws, wss

    /// Whether the connection uses TLS.
    public var isSecure: Bool { self == .https || self == .wss }
    /// 443 with TLS, 80 without.
    public var defaultPort: Int { isSecure ? 443 : 80 }
  }

  /// The host to connect to.
  public enum Host: Hashable, Sendable {
    /// A registered name, lower-cased, in ASCII; percent-encoded bytes stay encoded.
    case name(String)
    /// Four decimal numbers with dots.
    case ipv4(String)
    /// An IPv6 address without its brackets, lower-cased, otherwise as written. It may have a zone, as in
    /// `fe80::1%eth0`.
    case ipv6(String)

    /// The name or address, without brackets.
    public var text: String {
      switch self {
      case .name(let text), .ipv4(let text), .ipv6(let text): text
      }
    }
  }

  /// The scheme.
  public let scheme: Scheme
  /// The host.
  public let host: Host
  /// The port, 1 to 65535; the scheme's default if the URL has none.
  public let port: Int
  /// Path and query as an origin-form request target; begins with `/`.
  public let target: String

  init(scheme: Scheme, host: Host, port: Int, target: String) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.target = target
  }

  /// The path, still encoded; begins with `/`.
  public var path: String { String(target.prefix { $0 != "?" }) }

  /// The query without its `?`, still encoded; nil if the URL has none.
  public var query: String? {
    target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) }
  }

  /// The value for Host: the host, and the port unless it is the scheme's default. An IPv6 address is in brackets and
  /// without its zone.
  public var authority: String {
    // A zone is meaningful on this machine only, and is not sent (RFC 6874, section 4).
    let name = if case .ipv6(let address) = host { "[\(address.prefix { $0 != "%" })]" } else { host.text }
    return withPort(name)
  }

  private func withPort(_ name: String) -> String { port == scheme.defaultPort ? name : "\(name):\(port)" }
}

extension HTTPURL: CustomStringConvertible {
  /// The whole URL, with a zone in the form of RFC 6874: `http://[fe80::1%25eth0]/`.
  public var description: String {
    guard case .ipv6(let address) = host, let zone = URLZone.written(of: address) else {
      return "\(scheme.rawValue)://\(authority)\(target)"
    }
    return "\(scheme.rawValue)://" + withPort("[\(address.prefix { $0 != "%" })\(zone)]") + target
  }
}
