// SPDX-License-Identifier: Apache-2.0

import HTTP1Codec

/// What a connection can be used again for (RFC 9110 section 4.3.1).
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
