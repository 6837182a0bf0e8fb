// SPDX-License-Identifier: Apache-2.0
// What browsers (the Fetch Standard of the WHATWG) and curl agree upon is done: credentials stay with their origin, and a
// body goes where 307 and 308 send it, as uploads to storage services rely upon. Where they differ the safer one is
// followed. Fields of a program's own: curl sends them anywhere, browsers ask the other origin first (CORS); which of
// them are secrets is not to be seen by their names, so only those go that are known to be harmless. From https to http:
// curl goes, browsers keep pages from it (mixed content); here it is an error.

public import HTTP1Codec

/// Where redirects may lead a request, and what goes along.
///
/// An origin is a scheme, a host and a port (RFC 9110 section 4.3.1): `http://a`, `https://a` and `http://a:8080` are
/// three. Within an origin a redirect changes nothing but the URL and, by its status, the method.
///
/// ```swift
/// var configuration = HTTPClient.Configuration()
/// configuration.redirects.fieldsForOtherOrigins.append("x-trace-id")
/// configuration.redirects.sendsBodyToOtherOrigins = false
/// let client = HTTPClient(configuration)
/// ```
public struct HTTPRedirectPolicy: Hashable, Sendable {
  /// Whether an https request goes on to http, where everybody on the way reads it; false: that is an error,
  /// `redirectRefused`.
  public var leadsFromHTTPSToHTTP = false
  /// Whether the body goes to another origin if the status keeps it: 307 and 308, and 301 and 302 unless the method is
  /// POST. If not, such a redirect is an error, `redirectRefused`. True.
  public var sendsBodyToOtherOrigins = true
  /// Which fields of the request go to another origin, by name in any case. All others stay behind: `authorization`,
  /// `cookie`, `referer`, and whatever a program adds, such as `x-api-key`. That holds for the fields of the configuration,
  /// too.
  public var fieldsForOtherOrigins = Self.harmlessFields

  /// Fields that say what is wanted and in which form, and nothing about who wants it: `accept` and its kin, conditions,
  /// ranges, the form of the body, `user-agent`.
  public static let harmlessFields = [
    "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection", "content-encoding",
    "content-language", "content-type", "expect", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "pragma", "prefer", "priority", "range", "user-agent",
  ]

  /// The defaults.
  public init() {}
}

/// Why a redirect was not followed.
public enum HTTPRedirectRefusal: Hashable, Sendable, CustomStringConvertible {
  /// It leads from https to http; see ``HTTPRedirectPolicy/leadsFromHTTPSToHTTP``.
  case fromHTTPSToHTTP
  /// It would take the body to another origin; see ``HTTPRedirectPolicy/sendsBodyToOtherOrigins``.
  case bodyToOtherOrigin

  /// The reason in words.
  public var description: String {
    switch self {
    case .fromHTTPSToHTTP: "from https to http"
    case .bodyToOtherOrigin: "with the body to another origin"
    }
  }
}
