// SPDX-License-Identifier: Apache-2.0
// The packets in flight: a binary heap by time of arrival. Packets that arrive together are in the order of sending.

/// A packet in flight to an endpoint, which is named by its number.
struct Packet {
  enum Content {
    case syn(from: Int, attempt: Int)
    /// The connection is open.
    case answer(to: Int, from: Int)
    case refusal(to: Int, code: Int32)
    case bytes(to: Int, from: Int, [UInt8])
    /// The peer has read, so this many more bytes may be sent.
    case room(to: Int, Int)
    case end(to: Int)
    case reset(to: Int)
    case datagram(VirtualDatagram)
    /// No socket took a datagram: ICMP's answer to its sender.
    case unreachable(VirtualDatagram, code: Int32)
  }

  let arrival: Int64
  let sequence: Int
  let content: Content

  func precedes(_ other: Packet) -> Bool { (arrival, sequence) < (other.arrival, other.sequence) }
}

struct PacketQueue {
  private var heap: [Packet] = []
  private var sequence = 0

  /// When the first packet arrives.
  var first: Int64? { heap.first?.arrival }

  mutating func insert(_ content: Packet.Content, at arrival: Int64) {
    sequence += 1
    heap.append(Packet(arrival: arrival, sequence: sequence, content: content))
    var index = heap.count - 1
    while index > 0, case let parent = (index - 1) / 2, heap[index].precedes(heap[parent]) {
      heap.swapAt(index, parent)
      index = parent
    }
  }

  mutating func popDue(_ now: Int64) -> Packet? {
    guard let first = heap.first, first.arrival <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      var smallest = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].precedes(heap[smallest]) {
        smallest = child
      }
      guard smallest != index else { return first }
      heap.swapAt(index, smallest)
      index = smallest
    }
  }
}
