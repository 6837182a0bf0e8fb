// SPDX-License-Identifier: Apache-2.0

/// How the end of a body is found (RFC 9112 section 6).
public enum HTTP1BodyFraming: Hashable, Sendable {
  /// Without a body: the message ends with its head.
  case none
  /// A body of this many bytes, 0 or more.
  case contentLength(Int)
  /// Chunks, of which the last is empty, then trailers.
  case chunked
  /// Everything until the connection is closed; for responses only.
  case untilClose
}
