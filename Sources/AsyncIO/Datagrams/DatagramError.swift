// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

/// A datagram socket was used in a state that doesn't allow it.
public enum DatagramError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The socket was closed, by `close` or by the end of the loop.
  case closed
  /// The socket was handed over to a protocol, which receives the datagrams.
  case handedOver

  public var description: String {
    switch self {
    case .closed: "the socket was closed"
    case .handedOver: "the socket was handed over to a protocol, which receives the datagrams"
    }
  }
}

extension SystemError.Code {
  /// Whether this errno is about a datagram sent earlier, reported by ICMP: the socket goes on; icmp(7), ip(7).
  var isOfNetwork: Bool { Self.ofNetwork.contains(rawValue) }

  private static let ofNetwork: Set<Int32> = [
    ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, ENONET, EMSGSIZE, ETIMEDOUT, EPROTO,
    ENOPROTOOPT, EACCES, EPERM, EOPNOTSUPP,
  ]

  /// Whether this errno can mean that UDP_SEGMENT is unsupported on the path or device.
  var mayBeOfSegmenting: Bool { [EINVAL, EIO, EMSGSIZE, EOPNOTSUPP].contains(rawValue) }
}
