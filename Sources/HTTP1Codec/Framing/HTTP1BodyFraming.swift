// SPDX-License-Identifier: Apache-2.0

/// How the end of a body is found (RFC 9112 section 6).
public enum HTTP1BodyFraming: Hashable, Sendable {
  /// There is no body: the message ends with its head.
  case none
  /// This many bytes, 0 or more.
  case contentLength(Int)
  /// Chunks, the last one empty, then trailers.
  case chunked
  /// Everything until the connection is closed; only responses.
  case untilClose
}
