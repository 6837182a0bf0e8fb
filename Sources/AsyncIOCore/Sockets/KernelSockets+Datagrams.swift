// SPDX-License-Identifier: Apache-2.0
// Sockets of datagrams on a real kernel: udp(7), unix(7). The direct calls say MSG_DONTWAIT.

import CLinux
import Glibc

extension KernelSockets {
  package func openDatagramSocket(
    at local: SocketAddress?, connectedTo peer: SocketAddress?, options: [SocketOption]
  ) throws -> Int32 {
    guard let address = local ?? peer else { preconditionFailure("a socket of datagrams has an address or a peer") }
    let descriptor = try open(address, .datagrams, flags: flags)
    do {
      setDefaults(of: descriptor, address.family, isBound: local != nil)
      for option in options {
        let result = set(option, of: descriptor, family: address.family)
        if result < 0 { throw SystemError("setsockopt", "\(option) of \(address)", result: result) }
      }
      if let local {
        systemCalls &+= 1
        try bindReplacingStaleFile(descriptor, to: local, type: .datagrams)
      }
      if let peer {
        systemCalls &+= 1
        let result = SystemCall.connect(descriptor, to: peer)
        if result < 0 { throw SystemError("connect", peer.description, result: result) }
      }
    } catch {
      if let file = local.flatMap({ socketFile(of: $0) }), localAddress(of: descriptor) == local { remove(file) }
      SystemCall.close(descriptor)
      throw error
    }
    return descriptor
  }

  private func setDefaults(of descriptor: Int32, _ family: SocketAddress.Family, isBound: Bool) {
    // Each datagram says how many were dropped before it, if any were.
    SystemCall.setOption(SOL_SOCKET, Int32(ASYNCIO_SO_RXQ_OVFL), of: descriptor)
    switch family {
    case .ipv4:
      // Linux hands a socket the datagrams of groups that others have joined, unless told not to; ip(7).
      SystemCall.setOption(Int32(IPPROTO_IP), IP_MULTICAST_ALL, to: 0, of: descriptor)
    case .ipv6:
      SystemCall.setOption(Int32(IPPROTO_IPV6), Int32(ASYNCIO_IPV6_MULTICAST_ALL), to: 0, of: descriptor)
      // As a listener: IPv6 only, whatever the system's default.
      if isBound { SystemCall.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, of: descriptor) }
    case .unix: break
    }
  }

  // MARK: - Sending

  package func send(
    datagram bytes: UnsafeRawBufferPointer, to peer: SocketAddress?, from descriptor: Int32
  ) -> Int {
    systemCalls &+= 1
    return unsafe SystemCall.send(bytes, to: descriptor, address: peer)
  }

  package func send(
    datagrams: UnsafeBufferPointer<DatagramEntry>, of bytes: UnsafeRawBufferPointer, segmenting: Bool,
    from descriptor: Int32
  ) -> Int {
    let messages = datagramMessages ?? DatagramMessages()
    datagramMessages = messages
    systemCalls &+= 1
    return unsafe messages.send(datagrams, of: bytes, segmenting: segmenting, from: descriptor)
  }
}
