// SPDX-License-Identifier: Apache-2.0

/// A datagram socket was used in a state that doesn't allow it.
public enum DatagramError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The socket was closed, by `close` or by the end of the loop.
  case closed
  /// The socket was handed over to a protocol, which receives the datagrams.
  case handedOver

  public var description: String {
    switch self {
    case .closed: "the socket was closed"
    case .handedOver: "the socket was handed over to a protocol, which gets what arrives"
    }
  }
}
