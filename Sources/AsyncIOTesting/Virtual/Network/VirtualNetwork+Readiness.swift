// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

extension VirtualNetwork {
  /// What poll(2) would report for a descriptor; nil if it doesn't exist. A caller that finds no room is told when
  /// there is room.
  mutating func readiness(of descriptor: Int32) -> UInt32? {
    switch descriptors[descriptor] {
    case nil: return nil
    case .idle: return UInt32(POLLOUT | POLLHUP)
    case .null: return UInt32(POLLIN | POLLOUT)
    case .process(let hasEnded): return hasEnded ? UInt32(POLLIN) : 0
    case .listener(let listener): return listener.queue.isEmpty ? 0 : UInt32(POLLIN)
    case .datagrams:
      guard let socket = datagramSockets[descriptor] else { return nil }
      return UInt32((socket.count > 0 || socket.error != 0 ? POLLIN : 0) | (socket.isBlocked ? 0 : POLLOUT))
    case .endpoint(let id):
      guard let endpoint = endpoints[id] else { return nil }
      var events: Int32 = 0
      let isOver = endpoint.peerHasEnded || endpoint.isReset || endpoint.error != 0
      if !endpoint.received.isEmpty || isOver { events |= POLLIN }
      if endpoint.isReset || endpoint.error != 0 { events |= POLLERR | POLLHUP }
      if endpoint.room > 0 && endpoint.other != nil || endpoint.isReset {
        events |= POLLOUT
      } else {
        endpoints[id]?.isBlocked = true
      }
      return UInt32(events)
    }
  }

  func kind(of descriptor: Int32) -> DescriptorKind? {
    switch descriptors[descriptor] {
    case nil: nil
    case .listener: .listeningSocket
    case .idle, .endpoint: .socket
    case .datagrams: .messageSocket
    case .null: .terminal
    case .process: .anonymous
    }
  }
}
