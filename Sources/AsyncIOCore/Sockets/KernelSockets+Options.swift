// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension KernelSockets {
  package func set(_ option: SocketOption, of descriptor: Int32, family: SocketAddress.Family) -> Int32 {
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
    case .noDelay: return set(Int32(IPPROTO_TCP), TCP_NODELAY)
    case .resetOnClose:
      var linger = linger(l_onoff: 1, l_linger: 0)
      systemCalls &+= 1
      let size = socklen_t(MemoryLayout<linger>.size)
      return unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, size) < 0 ? -errno : 0
    case .integer(let name, let value): return set(name.level, name.number, Int(value))
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

  package func value(of option: SocketOption.Name, of descriptor: Int32) throws -> Int32 {
    systemCalls &+= 1
    let (result, value) = SystemCall.option(option.level, option.number, of: descriptor)
    if result < 0 { throw SystemError("getsockopt", option.text, result: result) }
    return value
  }
}
