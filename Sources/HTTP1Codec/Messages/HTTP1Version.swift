// SPDX-License-Identifier: Apache-2.0

/// The protocol version of a message. A minor version above 1 counts as 1.1 (RFC 9110 section 2.5).
public enum HTTP1Version: Hashable, Sendable, CustomStringConvertible {
  case http1_0
  case http1_1

  /// The version in the form of a start line.
  public var description: String { self == .http1_0 ? "HTTP/1.0" : "HTTP/1.1" }
}
