// SPDX-License-Identifier: Apache-2.0
// Sockets of datagrams on a real kernel: udp(7), unix(7). The direct calls say MSG_DONTWAIT.

import CLinux
import Glibc

extension KernelBackend {
  // `openDatagramSocket` itself is in the class, to be overridden.
  final func makeDatagramSocket(
    at local: SocketAddress?, connectedTo peer: SocketAddress?, options: [DatagramOption]
  ) throws -> Int32 {
    guard let address = local ?? peer else { preconditionFailure("a socket of datagrams has an address or a peer") }
    let descriptor = try open(address, .datagrams, flags: socketFlags)
    do {
      setDefaults(of: descriptor, address.family, isBound: local != nil)
      for option in options {
        let result = set(option, of: descriptor, address.family)
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

  package final func send(
    datagram bytes: UnsafeRawBufferPointer, to peer: SocketAddress?, from descriptor: Int32
  ) -> Int {
    systemCalls &+= 1
    return unsafe SystemCall.send(bytes, to: descriptor, address: peer)
  }

  package final func send(
    datagrams: UnsafeBufferPointer<DatagramEntry>, of bytes: UnsafeRawBufferPointer, segmenting: Bool,
    from descriptor: Int32
  ) -> Int {
    let messages = datagramMessages ?? DatagramMessages()
    datagramMessages = messages
    systemCalls &+= 1
    return unsafe messages.send(datagrams, of: bytes, segmenting: segmenting, from: descriptor)
  }

  // MARK: - Options

  package final func set(_ option: DatagramOption, of descriptor: Int32, _ family: SocketAddress.Family) -> Int32 {
    let ip = family == .ipv6 ? Int32(IPPROTO_IPV6) : Int32(IPPROTO_IP)
    func set(_ level: Int32, _ name: Int32, _ value: Int = 1) -> Int32 {
      systemCalls &+= 1
      return SystemCall.setOption(level, name, to: Int32(clamping: value), of: descriptor)
    }
    func changeMembership(_ joins: Bool, _ group: SocketAddress, _ interface: UInt32) -> Int32 {
      var storage = group.storage.storage
      systemCalls &+= 1
      return unsafe asyncio_change_membership(descriptor, joins ? 1 : 0, &storage, interface)
    }
    let isSix = family == .ipv6
    switch option {
    case .receiveBuffer(let size): return set(SOL_SOCKET, SO_RCVBUF, size)
    case .sendBuffer(let size): return set(SOL_SOCKET, SO_SNDBUF, size)
    case .broadcast: return set(SOL_SOCKET, SO_BROADCAST)
    case .reuseAddress: return set(SOL_SOCKET, SO_REUSEADDR)
    case .reusePort: return set(SOL_SOCKET, SO_REUSEPORT)
    case .timeToLive(let hops): return set(ip, isSix ? IPV6_UNICAST_HOPS : IP_TTL, hops)
    case .destination: return set(ip, isSix ? IPV6_RECVPKTINFO : IP_PKTINFO)
    case .coalescing: return set(Int32(IPPROTO_UDP), Int32(ASYNCIO_UDP_GRO))
    case .multicastTimeToLive(let hops): return set(ip, isSix ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, hops)
    case .multicastLoopback(let isOn): return set(ip, isSix ? IPV6_MULTICAST_LOOP : IP_MULTICAST_LOOP, isOn ? 1 : 0)
    case .multicastInterface(let index):
      systemCalls &+= 1
      return asyncio_set_multicast_interface(descriptor, isSix ? AF_INET6 : AF_INET, index)
    case .joinGroup(let group, let interface): return changeMembership(true, group, interface)
    case .leaveGroup(let group, let interface): return changeMembership(false, group, interface)
    }
  }
}
