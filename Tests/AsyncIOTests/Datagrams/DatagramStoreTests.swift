// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

@testable import AsyncIO

@Suite("A row of datagrams") struct DatagramStoreTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func `gives back what was put in, in order, however the two are mixed`(seed: UInt64) {
    var random = Steps(state: seed)
    var store = DatagramStore()
    var model: [(bytes: [UInt8], peer: SocketAddress?)] = []
    for step in 0..<3000 {
      // Phases in which more is added than taken alternate with the opposite.
      if random.next() % 8 < (step / 500 % 2 == 0 ? 5 : 3) {
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: step), count: Int(random.next() % 2000))
        let peer = random.next() % 4 == 0 ? nil : SocketAddress.loopback(port: UInt16(step))
        store.append(bytes, peer: peer)
        model.append((bytes, peer))
      } else if !model.isEmpty {
        let count = min(model.count, 1 + Int(random.next() % 3))
        #expect(store.byteCount(ofFirst: count) == model[..<count].reduce(0) { $0 + $1.bytes.count })
        for index in 0..<count {
          #expect(Array(store.bytes(of: store[index])) == model[index].bytes)
          #expect(store[index].peer == model[index].peer)
        }
        store.removeFirst(count)
        model.removeFirst(count)
      }
      #expect(store.count == model.count && store.isEmpty == model.isEmpty)
      #expect(store.weight == model.reduce(0) { $0 + $1.bytes.count + DatagramStore.overhead })
    }
  }

  @Test func `keeps no more than twice what is in it, or what is kept for the next`() {
    var store = DatagramStore()
    let long = [UInt8](repeating: 1, count: 60_000)
    store.append(long, peer: nil)
    for _ in 0..<1000 {
      store.append(long, peer: nil)
      store.removeFirst()
      #expect(store.bytes.count <= 256 * 1024)
    }
    store.removeFirst()
    #expect(store.isEmpty && store.bytes.isEmpty && store.weight == 0)
  }

  @Test func `lends what is left of it`() {
    var store = DatagramStore()
    for number: UInt8 in 0..<4 { store.append([number, number], peer: nil) }
    store.removeFirst(2)
    store.withDatagrams { entries, bytes in
      #expect(entries.map { Array(bytes[$0.offset..<$0.offset + $0.length]) } == [[2, 2], [3, 3]])
    }
  }
}

private struct Steps {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
