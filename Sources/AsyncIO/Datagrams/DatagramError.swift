// SPDX-License-Identifier: Apache-2.0

/// A socket of datagrams was used in a way that cannot work.
public enum DatagramError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `close`, or the end of the loop, closed the socket.
  case closed
  /// A protocol was given the socket, and gets what arrives.
  case handedOver

  public var description: String {
    switch self {
    case .closed: "the socket was closed"
    case .handedOver: "the socket was handed over to a protocol, which gets what arrives"
    }
  }
}
