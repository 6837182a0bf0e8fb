// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What the resolver remembers of name servers: which to ask first, and which to ask without EDNS. A silent server
/// comes last for a while; with libc each look-up would wait for it anew.
struct ServerOrder {
  /// Nanoseconds for which a silent server comes last.
  static let penalty: Int64 = 30_000_000_000

  private var silentUntil: [SocketAddress: Int64] = [:]
  private var turn = 0

  /// Nanoseconds for which a server is asked without EDNS after it answered only that way. RFC 6891, §6.2.2 says "a
  /// brief time"; this is unbound's. The price of a mistake is TCP for answers of more than 512 bytes.
  static let memoryOfEDNS: Int64 = 900_000_000_000
  private var plainUntil: [SocketAddress: Int64] = [:]

  mutating func next(of servers: [SocketAddress], rotates: Bool, now: Int64) -> [SocketAddress] {
    var order = servers
    if rotates && !servers.isEmpty {
      // The number of servers changes with the file.
      let first = turn % servers.count
      order = Array(servers[first...] + servers[..<first])
      turn = first + 1
    }
    if silentUntil.isEmpty { return order }
    silentUntil = silentUntil.filter { $0.value > now }
    return order.filter { silentUntil[$0] == nil } + order.filter { silentUntil[$0] != nil }
  }

  mutating func wasSilent(_ server: SocketAddress, now: Int64) { silentUntil[server] = now &+ Self.penalty }

  /// The servers that are asked without EDNS.
  mutating func withoutEDNS(now: Int64) -> Set<SocketAddress> {
    if plainUntil.isEmpty { return [] }
    plainUntil = plainUntil.filter { $0.value > now }
    return Set(plainUntil.keys)
  }

  /// Notes that a server has answered a query without EDNS, after one with EDNS had failed.
  mutating func answeredWithoutEDNS(_ server: SocketAddress, now: Int64) {
    if plainUntil[server] == nil { plainUntil[server] = now &+ Self.memoryOfEDNS }
  }

  mutating func answered(_ server: SocketAddress) {
    if !silentUntil.isEmpty { silentUntil[server] = nil }
  }
}
