// SPDX-License-Identifier: Apache-2.0

/// A socket of datagrams was used when it was over.
public enum DatagramError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `close`, or the end of the loop, closed the socket.
  case closed

  public var description: String {
    switch self {
    case .closed: "the socket was closed"
    }
  }
}
