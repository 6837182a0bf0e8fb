// SPDX-License-Identifier: Apache-2.0

import HTTP1Codec

/// The scheme, host and port that a connection can be reused for (RFC 9110 section 4.3.1).
struct Origin: Hashable {
  let scheme: HTTPURL.Scheme
  let host: HTTPURL.Host
  let port: Int

  init(_ url: HTTPURL) {
    scheme = url.scheme
    host = url.host
    port = url.port
  }
}
