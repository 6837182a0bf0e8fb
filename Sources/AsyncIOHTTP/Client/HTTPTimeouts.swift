// SPDX-License-Identifier: Apache-2.0

/// How long a request may take: three limits, each of which nil switches off.
///
/// ```swift
/// var timeouts = HTTPTimeouts()
/// timeouts.connect = .seconds(2)
/// let response = try await fetch("http://127.0.0.1:8080/", timeouts: timeouts)
/// ```
public struct HTTPTimeouts: Hashable, Sendable {
  /// Looking the host up and connecting to it; 10 s.
  public var connect: Duration?
  /// A wait in which no byte moves, while a request is sent or a response is read; 60 s.
  public var idle: Duration?
  /// From the call to the last byte of the body, with redirects and the wait for a free connection; 5 min.
  public var total: Duration?

  public init(connect: Duration? = .seconds(10), idle: Duration? = .seconds(60), total: Duration? = .seconds(300)) {
    self.connect = connect
    self.idle = idle
    self.total = total
  }
}
