// SPDX-License-Identifier: Apache-2.0

extension VirtualNetwork {
  /// When the next packet arrives; nil if nothing is in flight.
  package var nextArrival: Int64? { packets.first }

  /// Whether `advance` has events to report at this time.
  package func hasNews(at now: Int64) -> Bool { !news.isEmpty || (packets.first.map { $0 <= now } ?? false) }

  /// Delivers all packets that are due, in the order of sending, and returns what became possible.
  package mutating func advance(to now: Int64) -> [Event] {
    while let packet = packets.popDue(now) {
      // Consequences start at the packet's arrival, even if the loop looks later.
      let time = packet.arrival
      switch packet.content {
      case .syn(let client, let attempt): takeSyn(from: client, attempt: attempt, now: time)
      case .answer(let client, let server): takeAnswer(at: client, from: server, now: time)
      case .refusal(let client, let code): takeRefusal(at: client, code: code)
      case .bytes(let endpoint, let sender, let bytes): takeBytes(bytes, at: endpoint, from: sender, now: time)
      case .room(let endpoint, let count): takeRoom(count, at: endpoint)
      case .end(let endpoint): takeEnd(at: endpoint)
      case .reset(let endpoint): takeReset(at: endpoint)
      case .datagram(let datagram): takeDatagram(datagram, now: time)
      case .unreachable(let datagram, let code): takeUnreachable(datagram, code: code)
      }
    }
    let told = news
    news = []
    return told
  }
}
