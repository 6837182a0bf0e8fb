// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

extension SocketAddress {
  /// The address that this machine sends from to reach this one; nil without a route. Nothing is sent: connect(2) on a
  /// datagram socket only looks up the route.
  var sourceOfThisMachine: SocketAddress? {
    var target = self
    // A route doesn't depend on the port, and 0 isn't a valid one.
    if target.port == 0 { target.port = 53 }
    let descriptor = socket(kernelFamily, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { _ = Glibc.close(descriptor) }
    var (storage, length) = target.storage
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
        guard connect(descriptor, name, length) == 0 else { return nil }
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        guard getsockname(descriptor, name, &length) == 0 else { return nil }
        return SocketAddress(kernelForm: UnsafeRawBufferPointer(start: name, count: Int(length)))
      }
    }
  }
}
