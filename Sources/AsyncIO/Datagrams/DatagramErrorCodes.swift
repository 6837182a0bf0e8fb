// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

extension SystemError.Code {
  /// Whether it is about a datagram that was sent before, as ICMP reports it, and the socket goes on; icmp(7), ip(7).
  var isOfNetwork: Bool { Self.ofNetwork.contains(rawValue) }

  private static let ofNetwork: Set<Int32> = [
    ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, ENONET, EMSGSIZE, ETIMEDOUT, EPROTO,
    ENOPROTOOPT, EACCES, EPERM, EOPNOTSUPP,
  ]

  /// Whether it may be said to a row of datagrams which the path or the device takes only one by one.
  var mayBeOfSegmenting: Bool { [EINVAL, EIO, EMSGSIZE, EOPNOTSUPP].contains(rawValue) }
}
