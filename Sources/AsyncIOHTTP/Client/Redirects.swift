// SPDX-License-Identifier: Apache-2.0
// Redirects by RFC 9110 section 15.4: 303 becomes GET (HEAD stays HEAD); 301 and 302 make GET of POST, as every client
// does, and leave the others; 307 and 308 change nothing. Fields that are meant for one origin do not go to another.

import HTTP1Codec

extension Request {
  /// Whether the response with this status and Location is to be followed.
  static func isRedirect(_ status: Int) -> Bool {
    switch status {
    case 301, 302, 303, 307, 308: true
    default: false
    }
  }

  /// Becomes the request to which a response redirects.
  mutating func follow(_ location: String, status: Int) throws(HTTPError) {
    let next: HTTPURL
    do {
      next = try url.resolving(location)
    } catch {
      throw self.error(.invalidRedirect(error))
    }
    let becomesGET = status == 303 ? method != .get && method != .head : status <= 302 && method == .post
    if becomesGET {
      method = .get
      body = nil
      for name in ["content-type", "content-encoding", "content-language", "content-location"] {
        fields.removeAll(name)
      }
    }
    if Origin(next) != Origin(url) {
      for name in ["authorization", "proxy-authorization", "cookie"] { fields.removeAll(name) }
    }
    url = next
  }
}
