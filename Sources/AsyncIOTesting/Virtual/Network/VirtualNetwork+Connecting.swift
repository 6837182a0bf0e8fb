// SPDX-License-Identifier: Apache-2.0
// Listeners, and how connections are opened: a SYN takes the latency, and the answer takes it again. A refusal is an
// answer too, so a client learns of it after a round trip, as over a real network.

package import AsyncIOCore
import Glibc

extension VirtualNetwork {
  /// How often a SYN that found a full backlog is resent, after 1, 2, 4 … seconds; Linux's tcp_syn_retries.
  static var synRetries: Int { 6 }

  package mutating func listen(
    at wanted: SocketAddress, backlog: Int = 100, reusePort: Bool = false, startsListening: Bool = true
  ) throws(VirtualErrno) -> Int32 {
    guard isWildcard(wanted) || exists(wanted) else { throw VirtualErrno(EADDRNOTAVAIL) }
    var address = wanted
    if address.port == 0 && address.family != .unix { address.port = ephemeralPort() }
    for (other, holders) in listeners where other.port == address.port && other.family == address.family {
      let overlaps = isWildcard(other) && isHere(address) || isWildcard(address) && isHere(other)
      guard other == address || overlaps else { continue }
      guard reusePort, holders.allSatisfy({ listener($0)?.reusesPort == true }) else {
        throw VirtualErrno(EADDRINUSE)
      }
    }
    let descriptor = try open(
      .listener(
        Listener(
          address: address, backlog: max(1, backlog), reusesPort: reusePort, isListening: startsListening)))
    listeners[address, default: []].append(descriptor)
    return descriptor
  }

  /// Makes a socket listen that only had its address so far.
  package mutating func startListening(_ descriptor: Int32, backlog: Int) throws(VirtualErrno) {
    guard var listener = listener(descriptor) else { throw VirtualErrno(EINVAL) }
    listener.isListening = true
    listener.backlog = max(1, backlog)
    descriptors[descriptor] = .listener(listener)
  }

  package mutating func makeSocket(boundTo local: SocketAddress? = nil) throws(VirtualErrno) -> Int32 {
    if let local, !isWildcard(local), !exists(local) { throw VirtualErrno(EADDRNOTAVAIL) }
    return try open(.idle(resetsOnClose: false, local: local))
  }

  /// Makes two sockets that are connected to each other, without names.
  package mutating func makeSocketPair() throws(VirtualErrno) -> (Int32, Int32) {
    guard descriptors.count + 2 <= descriptorLimit else { throw VirtualErrno(EMFILE) }
    let nameless = SocketAddress.unnamedUnix
    let first = add(Endpoint(local: nameless, peer: nameless, room: window))
    let second = add(Endpoint(local: nameless, peer: nameless, other: first, room: window))
    endpoints[first]?.other = second
    let descriptors = (try open(.endpoint(first)), try open(.endpoint(second)))
    endpoints[first]?.descriptor = descriptors.0
    endpoints[second]?.descriptor = descriptors.1
    return descriptors
  }

  /// Starts to connect; `Event.connected` reports the result.
  package mutating func connect(_ descriptor: Int32, to wanted: SocketAddress, now: Int64) {
    guard case .idle(let resetsOnClose, let local) = descriptors[descriptor] else {
      news.append(.connected(descriptor, result: -EISCONN))
      return
    }
    // Linux takes "any address" as this host.
    let target = isWildcard(wanted) ? loopback(like: wanted) : wanted
    var source = isLocal(target) ? target : addHost("localhost")
    if target.family == .unix { source = .unnamedUnix } else { source.port = ephemeralPort() }
    if var local {
      if isWildcard(local) { local = source }
      if local.port == 0 { local.port = source.port }
      source = local
    }
    let client = add(
      Endpoint(local: source, peer: target, descriptor: descriptor, room: window, resetsOnClose: resetsOnClose))
    descriptors[descriptor] = .endpoint(client)
    if exists(target) {
      packets.insert(.syn(from: client, attempt: 0), at: now + latency)
    } else {
      // The host does not exist: Linux asks three times, a second apart (ARP), and gives up.
      packets.insert(.refusal(to: client, code: EHOSTUNREACH), at: now + 3_000_000_000)
    }
  }

  /// Accepts a connection and returns its descriptor.
  ///
  /// - Throws: EAGAIN if no connection waits. EMFILE if the limit of descriptors is reached; the connection then stays
  ///   in the queue.
  package mutating func accept(on descriptor: Int32) throws(VirtualErrno) -> Int32 {
    guard var listener = listener(descriptor) else { throw VirtualErrno(EINVAL) }
    guard let endpoint = listener.queue.first else { throw VirtualErrno(EAGAIN) }
    let accepted = try open(.endpoint(endpoint))
    listener.queue.removeFirst()
    descriptors[descriptor] = .listener(listener)
    endpoints[endpoint]?.descriptor = accepted
    return accepted
  }

  // MARK: - Packets

  mutating func takeSyn(from client: Int, attempt: Int, now: Int64) {
    // The client may have closed its socket since.
    guard let asking = endpoints[client] else { return }
    guard let descriptor = listener(at: asking.peer), var listener = listener(descriptor), listener.isListening else {
      // A Unix path without a socket gives ENOENT.
      let code = asking.peer.unixPath == nil ? ECONNREFUSED : ENOENT
      packets.insert(.refusal(to: client, code: code), at: now + latency)
      return
    }
    guard listener.queue.count < listener.backlog else {
      let wait = Int64(1_000_000_000) << Int64(attempt)
      if attempt < Self.synRetries {
        packets.insert(.syn(from: client, attempt: attempt + 1), at: now + wait)
      } else {
        packets.insert(.refusal(to: client, code: ETIMEDOUT), at: now + wait)
      }
      return
    }
    let server = add(Endpoint(local: asking.peer, peer: asking.local, other: client, room: window))
    listener.queue.append(server)
    descriptors[descriptor] = .listener(listener)
    packets.insert(.answer(to: client, from: server), at: now + latency)
    news.append(.acceptable(descriptor))
  }

  mutating func takeAnswer(at client: Int, from server: Int, now: Int64) {
    guard let descriptor = endpoints[client]?.descriptor else {
      packets.insert(.reset(to: server), at: now + latency)
      return
    }
    endpoints[client]?.other = server
    news.append(.connected(descriptor, result: 0))
  }

  mutating func takeRefusal(at client: Int, code: Int32) {
    guard let descriptor = endpoints[client]?.descriptor else { return }
    endpoints[client] = nil
    descriptors[descriptor] = .idle(resetsOnClose: false, local: nil)
    news.append(.connected(descriptor, result: -code))
  }

  // MARK: - Parts

  func listener(_ descriptor: Int32) -> Listener? {
    if case .listener(let listener) = descriptors[descriptor] { listener } else { nil }
  }

  /// Whether this address, or "any address", is the current host's.
  private func isHere(_ address: SocketAddress) -> Bool { isWildcard(address) || isLocal(address) }

  private func loopback(like address: SocketAddress) -> SocketAddress {
    address.family == .ipv4 ? .loopback(port: address.port) : SocketAddress("::1", port: address.port) ?? address
  }
}
