// SPDX-License-Identifier: Apache-2.0
// Redirects by RFC 9110 section 15.4: 303 becomes GET (HEAD stays HEAD). 301 and 302 turn POST into GET, as all clients
// do, and keep other methods. 307 and 308 change nothing. The policy decides what is sent to another origin.

import HTTP1Codec

extension Request {
  /// Whether to follow a response with this status and Location.
  static func isRedirect(_ status: Int) -> Bool {
    switch status {
    case 301, 302, 303, 307, 308: true
    default: false
    }
  }

  /// Turns this request into the one that the response redirects to.
  mutating func follow(
    _ location: some Collection<UInt8>, status: Int, _ policy: HTTPRedirectPolicy
  ) throws(HTTPError) {
    let next: HTTPURL
    do {
      next = try url.resolving(location: location)
    } catch {
      throw self.error(.invalidRedirect(error))
    }
    if url.scheme.isSecure && !next.scheme.isSecure && !policy.leadsFromHTTPSToHTTP {
      throw self.error(.redirectRefused(to: next, .fromHTTPSToHTTP))
    }
    let becomesGET = status == 303 ? method != .get && method != .head : status <= 302 && method == .post
    if becomesGET {
      method = .get
      body = nil
      for name in ["content-type", "content-encoding", "content-language", "content-location", "expect"] {
        fields.removeAll(name)
      }
    }
    if Origin(next) != Origin(url) {
      if body != nil && !policy.sendsBodyToOtherOrigins {
        throw self.error(.redirectRefused(to: next, .bodyToOtherOrigin))
      }
      for name in Set(fields.map { $0.name.lowercased() }) where !policy.lets(name) { fields.removeAll(name) }
    }
    url = next
  }
}

extension HTTPRedirectPolicy {
  /// Whether a field with this name, in lower case, is sent to another origin.
  fileprivate func lets(_ name: String) -> Bool { fieldsForOtherOrigins.contains { $0.lowercased() == name } }
}
