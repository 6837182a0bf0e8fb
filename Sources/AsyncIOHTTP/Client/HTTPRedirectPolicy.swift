// SPDX-License-Identifier: Apache-2.0
// Follows browsers (the WHATWG's Fetch Standard) and curl where they agree. Credentials stay with their origin. A body
// goes where 307 and 308 send it, as uploads to storage services require. Where the two differ, the safer one is
// followed. A program's own fields: curl sends them anywhere, browsers ask the other origin first (CORS). A name does
// not show whether a field is secret, so only fields known to be harmless are sent. From https to http: curl goes,
// browsers keep pages from it (mixed content); here it is an error.

import HTTP1Codec

/// Where redirects may lead a request, and which parts of it they take along.
///
/// An origin is a scheme, a host and a port (RFC 9110 section 4.3.1): `http://a`, `https://a` and `http://a:8080` are
/// three origins. A redirect within an origin changes only the URL and, depending on its status, the method.
///
/// ```swift
/// var configuration = HTTPClient.Configuration()
/// configuration.redirects.fieldsForOtherOrigins.append("x-trace-id")
/// configuration.redirects.sendsBodyToOtherOrigins = false
/// let client = HTTPClient(configuration)
/// ```
public struct HTTPRedirectPolicy: Hashable, Sendable {
  /// Whether a redirect may lead from https to http, where everyone on the path can read the request. False by default:
  /// such a redirect is an error, `redirectRefused`.
  public var leadsFromHTTPSToHTTP = false
  /// Whether the body is sent to another origin if the status keeps the body: 307 and 308, and 301 and 302 unless the
  /// method is POST. If false, such a redirect is an error, `redirectRefused`. True by default.
  public var sendsBodyToOtherOrigins = true
  /// The fields of a request that are sent to other origins, by name in any case. All others are left out:
  /// `authorization`, `cookie`, `referer`, and a program's own, such as `x-api-key`. This applies to the
  /// configuration's fields too.
  public var fieldsForOtherOrigins = Self.harmlessFields

  /// Fields that say what is wanted and in which form, but nothing about the user: `accept` and its kin, conditions,
  /// ranges, the form of the body, `user-agent`.
  public static let harmlessFields = [
    "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection", "content-encoding",
    "content-language", "content-type", "expect", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "pragma", "prefer", "priority", "range", "user-agent",
  ]

  /// The default policy.
  public init() {}
}

/// Why a redirect was not followed.
public enum HTTPRedirectRefusal: Hashable, Sendable, CustomStringConvertible {
  /// The redirect leads from https to http; see ``HTTPRedirectPolicy/leadsFromHTTPSToHTTP``.
  case fromHTTPSToHTTP
  /// The redirect would send the body to another origin; see ``HTTPRedirectPolicy/sendsBodyToOtherOrigins``.
  case bodyToOtherOrigin

  /// The reason in words.
  public var description: String {
    switch self {
    case .fromHTTPSToHTTP: "from https to http"
    case .bodyToOtherOrigin: "with the body to another origin"
    }
  }
}
