// SPDX-License-Identifier: Apache-2.0

/// The time limits of a request. Each can be nil for no limit.
///
/// ```swift
/// var timeouts = HTTPTimeouts()
/// timeouts.connect = .seconds(2)
/// let response = try await fetch("http://127.0.0.1:8080/", timeouts: timeouts)
/// ```
public struct HTTPTimeouts: Hashable, Sendable {
  /// For the name look-up and the connection; 10 s.
  public var connect: Duration?
  /// For each wait in which no byte moves, while the request is sent or the response read; 60 s.
  public var idle: Duration?
  /// For the whole request, from the call to the last byte of the body, redirects and waits in line included; 5 min.
  public var total: Duration?

  /// The defaults, except for the limits given here.
  public init(connect: Duration? = .seconds(10), idle: Duration? = .seconds(60), total: Duration? = .seconds(300)) {
    self.connect = connect
    self.idle = idle
    self.total = total
  }
}
