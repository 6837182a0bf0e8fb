// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Which name server to ask first. One that was silent comes last for a while: otherwise each look-up would wait for it
/// anew, as libc's do.
struct ServerOrder {
  /// Nanoseconds for which a silent server comes last.
  static let penalty: Int64 = 30_000_000_000

  private var silentUntil: [SocketAddress: Int64] = [:]
  private var turn = 0

  mutating func next(of servers: [SocketAddress], rotates: Bool, now: Int64) -> [SocketAddress] {
    var order = servers
    if rotates && !servers.isEmpty {
      // The number of servers changes with their file.
      let first = turn % servers.count
      order = Array(servers[first...] + servers[..<first])
      turn = first + 1
    }
    if silentUntil.isEmpty { return order }
    silentUntil = silentUntil.filter { $0.value > now }
    return order.filter { silentUntil[$0] == nil } + order.filter { silentUntil[$0] != nil }
  }

  mutating func wasSilent(_ server: SocketAddress, now: Int64) { silentUntil[server] = now &+ Self.penalty }

  mutating func answered(_ server: SocketAddress) {
    if !silentUntil.isEmpty { silentUntil[server] = nil }
  }
}
