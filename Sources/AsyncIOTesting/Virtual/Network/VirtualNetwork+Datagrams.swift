// SPDX-License-Identifier: Apache-2.0
// UDP and Unix datagrams in memory. Each takes the latency, or what `delaysOfDatagram` says. A datagram that finds a
// full queue is dropped. One that finds no socket is answered (ICMP): as on Linux, a connected sender gets the error in
// its next call. Unix datagrams are never lost: their sender has to wait.

package import AsyncIOCore
import Glibc

extension VirtualNetwork {
  enum ReceivedDatagram {
    case datagram(VirtualDatagram, DatagramFrame.Control?)
    case nothing
    /// A failure, as an errno.
    case failed(Int32)
  }

  /// The most bytes of one UDP datagram over IPv4 and over IPv6, and of a Unix datagram with the default send buffer.
  private static func longest(_ family: SocketAddress.Family) -> Int {
    switch family {
    case .ipv4: 65_507
    case .ipv6: 65_527
    case .unix: 212_960
    }
  }

  // MARK: - Sockets

  package mutating func openDatagrams(
    at wanted: SocketAddress?, connectedTo peer: SocketAddress?, options: [SocketOption] = []
  ) throws(VirtualErrno) -> Int32 {
    var address: SocketAddress
    if let wanted {
      guard isWildcard(wanted) || wanted.isMulticast || exists(wanted) else { throw VirtualErrno(EADDRNOTAVAIL) }
      address = wanted
    } else if let peer {
      guard peer.family != .unix || !(datagramPorts[.name(peer)] ?? []).isEmpty else { throw noName(peer) }
      address = peer.family == .unix ? .unnamedUnix : source(towards: peer, port: 0)
    } else {
      throw VirtualErrno(EINVAL)
    }
    if address.port == 0 && address.family != .unix { address.port = ephemeralPort() }
    if let peer, isWildcard(address) { address = source(towards: peer, port: address.port) }
    var socket = VirtualDatagramSocket(local: address, peer: peer)
    for option in options {
      let code = apply(option, to: &socket)
      if code != 0 { throw VirtualErrno(code) }
    }
    if address != .unnamedUnix { try checkIsFree(address, for: socket) }
    let descriptor = try open(.datagrams)
    datagramSockets[descriptor] = socket
    if address != .unnamedUnix { datagramPorts[VirtualDatagramPort(address), default: []].append(descriptor) }
    return descriptor
  }

  private func noName(_ address: SocketAddress) -> VirtualErrno {
    VirtualErrno(address.unixPath == nil ? ECONNREFUSED : ENOENT)
  }

  private func checkIsFree(_ address: SocketAddress, for socket: VirtualDatagramSocket) throws(VirtualErrno) {
    for descriptor in datagramPorts[VirtualDatagramPort(address)] ?? [] {
      guard let other = datagramSockets[descriptor], other.local.family == address.family else { continue }
      let overlaps =
        other.local == address || isWildcard(other.local) && covers(address)
        || isWildcard(address) && covers(other.local)
      guard overlaps else { continue }
      let isShared = other.reusesPort && socket.reusesPort || other.reusesAddress && socket.reusesAddress
      if !isShared { throw VirtualErrno(EADDRINUSE) }
    }
  }

  /// Whether this address, or "any address", is the current host's.
  private func covers(_ address: SocketAddress) -> Bool { isWildcard(address) || isLocal(address) }

  /// The source address of a socket that has no address.
  private mutating func source(towards target: SocketAddress, port: UInt16) -> SocketAddress {
    var source = isLocal(target) ? target : target.family == .ipv4 ? addHost("localhost") : target
    if target.isMulticast || target.isLimitedBroadcast { source = addHost("localhost") }
    source.port = port
    return source
  }

  mutating func closeDatagrams(_ descriptor: Int32) {
    guard let socket = datagramSockets.removeValue(forKey: descriptor) else { return }
    let port = VirtualDatagramPort(socket.local)
    datagramPorts[port]?.removeAll { $0 == descriptor }
    if datagramPorts[port]?.isEmpty == true { datagramPorts[port] = nil }
    unblock(socket.blocked)
  }

  /// Sets an option. Returns 0 or an errno.
  mutating func set(_ option: SocketOption, of descriptor: Int32) -> Int32 {
    guard var socket = datagramSockets.removeValue(forKey: descriptor) else { return EBADF }
    defer { datagramSockets[descriptor] = socket }
    return apply(option, to: &socket)
  }

  private func apply(_ option: SocketOption, to socket: inout VirtualDatagramSocket) -> Int32 {
    switch option {
    // Linux doubles the requested size; socket(7).
    case .receiveBuffer(let size): socket.capacity = max(2304, 2 * Int(Int32(clamping: size)))
    case .broadcast: socket.mayBroadcast = true
    case .reuseAddress: socket.reusesAddress = true
    case .reusePort: socket.reusesPort = true
    case .destination: socket.wantsDestination = true
    case .multicastLoopback(let isOn): socket.reachesOwnHost = isOn
    case .joinGroup(let group, _):
      guard group.isMulticast else { return EINVAL }
      return socket.groups.insert(withoutPort(group)).inserted ? 0 : EADDRINUSE
    case .leaveGroup(let group, _): return socket.groups.remove(withoutPort(group)) == nil ? EADDRNOTAVAIL : 0
    case .noDelay, .resetOnClose, .integer: break
    case .sendBuffer, .timeToLive, .coalescing, .multicastTimeToLive, .multicastInterface: break
    }
    return 0
  }

  // MARK: - Sending

  /// Sends a datagram. Returns its length, or a negative errno.
  mutating func sendDatagram(_ bytes: [UInt8], to wanted: SocketAddress?, from descriptor: Int32, now: Int64) -> Int {
    guard let socket = datagramSockets[descriptor] else { return -Int(EBADF) }
    if socket.error != 0 {
      datagramSockets[descriptor]?.error = 0
      return -Int(socket.error)
    }
    guard let target = wanted ?? socket.peer else {
      return -Int(socket.local.family == .unix ? ENOTCONN : EDESTADDRREQ)
    }
    guard target.family == socket.local.family else { return -Int(EAFNOSUPPORT) }
    guard bytes.count <= Self.longest(target.family) else { return -Int(EMSGSIZE) }
    if target.isLimitedBroadcast && !socket.mayBroadcast { return -Int(EACCES) }
    if target.family == .unix { return sendUnixDatagram(bytes, to: target, from: descriptor, now: now) }
    let from = isWildcard(socket.local) ? source(towards: target, port: socket.local.port) : socket.local
    let datagram = VirtualDatagram(source: from, destination: target, bytes: bytes)
    guard target.isMulticast || target.isLimitedBroadcast || isWildcard(target) || exists(target) else {
      // The host does not exist: Linux asks three times, a second apart (ARP), and gives up.
      packets.insert(.unreachable(datagram, code: EHOSTUNREACH), at: now + 3_000_000_000)
      return bytes.count
    }
    for delay in delaysOfDatagram?(from, target, bytes.count) ?? [latency] {
      packets.insert(.datagram(datagram), at: now + delay)
    }
    return bytes.count
  }

  private mutating func sendUnixDatagram(
    _ bytes: [UInt8], to target: SocketAddress, from descriptor: Int32, now: Int64
  ) -> Int {
    guard let receiver = datagramPorts[.name(target)]?.first else { return -Int(noName(target).code) }
    if datagramSockets[receiver]?.isFullForUnix == true {
      datagramSockets[receiver]?.blocked.append(descriptor)
      datagramSockets[descriptor]?.isBlocked = true
      return -Int(EAGAIN)
    }
    datagramSockets[receiver]?.arriving += 1
    let source = datagramSockets[descriptor]?.local ?? .unnamedUnix
    packets.insert(.datagram(VirtualDatagram(source: source, destination: target, bytes: bytes)), at: now + latency)
    return bytes.count
  }

  private mutating func unblock(_ senders: [Int32]) {
    for sender in senders where datagramSockets[sender]?.isBlocked == true {
      datagramSockets[sender]?.isBlocked = false
      news.append(.writable(sender))
    }
  }

  // MARK: - Receiving

  mutating func receiveDatagram(from descriptor: Int32) -> ReceivedDatagram {
    guard let socket = datagramSockets[descriptor] else { return .nothing }
    if socket.error != 0 {
      datagramSockets[descriptor]?.error = 0
      return .failed(socket.error)
    }
    guard let datagram = datagramSockets[descriptor]?.popFirst() else { return .nothing }
    if !socket.blocked.isEmpty {
      datagramSockets[descriptor]?.blocked = []
      unblock(socket.blocked)
    }
    guard socket.wantsDestination || socket.dropped > 0 else { return .datagram(datagram, nil) }
    let destination = socket.wantsDestination && datagram.destination.family != .unix ? datagram.destination : nil
    return .datagram(datagram, .init(destination: destination, interface: 1, dropped: socket.dropped))
  }

  // MARK: - Packets

  mutating func takeDatagram(_ datagram: VirtualDatagram, now: Int64) {
    let receivers = receivers(of: datagram)
    for receiver in receivers {
      if datagram.destination.family == .unix { datagramSockets[receiver]?.arriving -= 1 }
      datagramSockets[receiver]?.append(datagram)
      news.append(.readable(receiver))
    }
    let isForMany = datagram.destination.isMulticast || datagram.destination.isLimitedBroadcast
    if receivers.isEmpty && !isForMany && datagram.destination.family != .unix {
      packets.insert(.unreachable(datagram, code: ECONNREFUSED), at: now + latency)
    }
  }

  mutating func takeUnreachable(_ datagram: VirtualDatagram, code: Int32) {
    for descriptor in datagramPorts[VirtualDatagramPort(datagram.source)] ?? []
    where datagramSockets[descriptor]?.local == datagram.source
      && datagramSockets[descriptor]?.peer == datagram.destination
    {
      datagramSockets[descriptor]?.error = code
      news.append(.readable(descriptor))
      news.append(.writable(descriptor))
    }
  }

  /// The sockets that receive a datagram: one, or all in its group.
  private func receivers(of datagram: VirtualDatagram) -> [Int32] {
    let target = datagram.destination
    let candidates = (datagramPorts[VirtualDatagramPort(target)] ?? []).filter {
      guard let socket = datagramSockets[$0], socket.local.family == target.family else { return false }
      return socket.peer == nil || socket.peer == datagram.source || target.isMulticast
    }
    if target.family == .unix { return Array(candidates.prefix(1)) }
    if target.isMulticast {
      let isHeardHere = sender(of: datagram)?.reachesOwnHost ?? true
      let group = withoutPort(target)
      return candidates.filter { isHeardHere && datagramSockets[$0]?.groups.contains(group) == true }
    }
    if target.isLimitedBroadcast {
      return candidates.filter { datagramSockets[$0].map { isWildcard($0.local) } ?? false }
    }
    let scores = candidates.map { score($0, for: datagram) }
    guard let best = scores.max(), best > 0 else { return [] }
    let equals = zip(candidates, scores).filter { $0.1 == best }.map(\.0)
    let sharesPort = equals.allSatisfy { datagramSockets[$0]?.reusesPort == true }
    // Of sockets that share a port, one gets all datagrams of a sender. Of sockets that took over an address, the last
    // one.
    return [sharesPort ? equals[Int(datagram.source.port) % equals.count] : equals[equals.count - 1]]
  }

  /// How well a socket matches, by Linux's rules; 0 is not at all.
  private func score(_ descriptor: Int32, for datagram: VirtualDatagram) -> Int {
    guard let socket = datagramSockets[descriptor] else { return 0 }
    let isExact = socket.local == datagram.destination
    guard isExact || isWildcard(socket.local) && covers(datagram.destination) else { return 0 }
    return 1 + (isExact ? 1 : 0) + (socket.peer != nil ? 2 : 0)
  }

  private func sender(of datagram: VirtualDatagram) -> VirtualDatagramSocket? {
    (datagramPorts[VirtualDatagramPort(datagram.source)] ?? []).lazy.compactMap { datagramSockets[$0] }.first
  }

  // MARK: - Addresses

  private func withoutPort(_ address: SocketAddress) -> SocketAddress {
    var host = address
    host.port = 0
    return host
  }
}
