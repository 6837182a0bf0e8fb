// SPDX-License-Identifier: Apache-2.0
// Bytes, ends and resets of open connections, with Linux's errors. Bytes that arrived before a reset can still be read.
// Then the reset is reported once (ECONNRESET, or EPIPE if the peer had already ended its stream). After that, reads
// are at the end, and writes fail with EPIPE (net/ipv4/tcp.c, tcp_reset in tcp_input.c). If a send reports the reset,
// reads return the bytes that had arrived, and then the end.

import Glibc

extension VirtualNetwork {
  /// The result of a read.
  package enum Received: Equatable {
    case bytes([UInt8])
    /// The end of the stream.
    case end
    /// No bytes yet.
    case nothing
    /// A failure, as an errno.
    case failed(Int32)
  }

  /// Sends as many bytes as fit. Returns their number, or a negative errno.
  package mutating func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, now: Int64) -> Int {
    if case .null = descriptors[descriptor] { return bytes.count }
    guard let id = endpoint(descriptor), var endpoint = endpoints[id] else { return -Int(ENOTCONN) }
    defer { endpoints[id] = endpoint }
    if endpoint.error != 0 {
      defer { endpoint.error = 0 }
      return -Int(endpoint.error)
    }
    if endpoint.isReset || endpoint.hasEnded { return -Int(EPIPE) }
    guard let other = endpoint.other else { return -Int(EAGAIN) }
    if bytes.isEmpty { return 0 }
    let count = min(bytes.count, endpoint.room)
    // Only a sender that had more to send is told of new room.
    endpoint.isBlocked = count < bytes.count
    guard count > 0 else { return -Int(EAGAIN) }
    endpoint.room -= count
    packets.insert(.bytes(to: other, from: id, Array(bytes.prefix(count))), at: now + latency)
    return count
  }

  /// Takes at most `limit` of the bytes that have arrived.
  package mutating func receive(from descriptor: Int32, upTo limit: Int, now: Int64) -> Received {
    if case .null = descriptors[descriptor] { return .end }
    guard let id = endpoint(descriptor), var endpoint = endpoints[id] else { return .failed(ENOTCONN) }
    defer { endpoints[id] = endpoint }
    if !endpoint.received.isEmpty {
      let taken = endpoint.received.take(upTo: limit)
      if let other = endpoint.other, !endpoint.isReset {
        packets.insert(.room(to: other, taken.count), at: now + latency)
      }
      return .bytes(taken)
    }
    if endpoint.peerHasEnded { return .end }
    if endpoint.error != 0 {
      defer { endpoint.error = 0 }
      return .failed(endpoint.error)
    }
    return endpoint.isReset ? .end : .nothing
  }

  /// The number of bytes that have arrived but were not read.
  package func available(at descriptor: Int32) -> Int {
    endpoint(descriptor).flatMap { endpoints[$0] }?.received.count ?? 0
  }

  /// How many of the sent bytes the peer has read.
  package func acknowledged(of descriptor: Int32) -> Int {
    endpoint(descriptor).flatMap { endpoints[$0] }?.acknowledged ?? 0
  }

  /// Whether the peer has ended its stream; nil if the descriptor is not a connection.
  package func peerHasEnded(_ descriptor: Int32) -> Bool? {
    endpoint(descriptor).flatMap { endpoints[$0]?.peerHasEnded }
  }

  /// Half-closes the stream. Returns 0 or a negative errno.
  package mutating func shutdownWriting(_ descriptor: Int32, now: Int64) -> Int32 {
    guard let id = endpoint(descriptor), let endpoint = endpoints[id], let other = endpoint.other, !endpoint.isReset
    else { return -ENOTCONN }
    guard !endpoint.hasEnded else { return 0 }
    endpoints[id]?.hasEnded = true
    packets.insert(.end(to: other), at: now + latency)
    return 0
  }

  /// Makes `close` reset the connection.
  package mutating func setResetsOnClose(_ descriptor: Int32) {
    switch descriptors[descriptor] {
    case .idle(_, let local): descriptors[descriptor] = .idle(resetsOnClose: true, local: local)
    case .endpoint(let id): endpoints[id]?.resetsOnClose = true
    case .listener, .datagrams, .null, .process, nil: break
    }
  }

  /// Closes a descriptor. A connection ends normally. One with unread bytes, or with `setResetsOnClose`, is reset. So
  /// are the connections that wait to be accepted by a listener.
  ///
  /// - Throws: EBADF if the descriptor isn't open.
  package mutating func close(_ descriptor: Int32, now: Int64) throws(VirtualErrno) {
    guard let socket = descriptors.remove(descriptor) else { throw VirtualErrno(EBADF) }
    switch socket {
    case .idle, .null, .process: break
    case .datagrams: closeDatagrams(descriptor)
    case .listener(let listener):
      listeners[listener.address]?.removeAll { $0 == descriptor }
      if listeners[listener.address]?.isEmpty == true { listeners[listener.address] = nil }
      for waiting in listener.queue { drop(waiting, byReset: true, now: now) }
    case .endpoint(let id):
      guard let endpoint = endpoints[id] else { return }
      drop(id, byReset: endpoint.resetsOnClose || !endpoint.received.isEmpty, now: now)
    }
  }

  private mutating func drop(_ id: Int, byReset: Bool, now: Int64) {
    guard let endpoint = endpoints.removeValue(forKey: id), let other = endpoint.other, !endpoint.isReset else {
      return
    }
    if byReset {
      packets.insert(.reset(to: other), at: now + latency)
    } else if !endpoint.hasEnded {
      packets.insert(.end(to: other), at: now + latency)
    }
  }

  func endpoint(_ descriptor: Int32) -> Int? {
    if case .endpoint(let id) = descriptors[descriptor] { id } else { nil }
  }

  // MARK: - Packets

  mutating func takeBytes(_ bytes: [UInt8], at id: Int, from sender: Int, now: Int64) {
    guard let endpoint = endpoints[id] else {
      // The endpoint is gone, so its sender gets a reset.
      packets.insert(.reset(to: sender), at: now + latency)
      return
    }
    guard !endpoint.isReset else { return }
    endpoints[id]?.received.append(bytes)
    tell(endpoint.descriptor) { .readable($0) }
  }

  mutating func takeEnd(at id: Int) {
    guard let endpoint = endpoints[id], !endpoint.isReset else { return }
    endpoints[id]?.peerHasEnded = true
    tell(endpoint.descriptor) { .readable($0) }
  }

  mutating func takeReset(at id: Int) {
    guard let endpoint = endpoints[id], !endpoint.isReset else { return }
    endpoints[id]?.isReset = true
    endpoints[id]?.error = endpoint.peerHasEnded ? EPIPE : ECONNRESET
    tell(endpoint.descriptor) { .readable($0) }
    tell(endpoint.descriptor) { .writable($0) }
  }

  mutating func takeRoom(_ count: Int, at id: Int) {
    guard let endpoint = endpoints[id] else { return }
    endpoints[id]?.room += count
    endpoints[id]?.acknowledged += count
    endpoints[id]?.isBlocked = false
    if endpoint.isBlocked { tell(endpoint.descriptor) { .writable($0) } }
  }

  private mutating func tell(_ descriptor: Int32?, _ event: (Int32) -> Event) {
    if let descriptor { news.append(event(descriptor)) }
  }
}
