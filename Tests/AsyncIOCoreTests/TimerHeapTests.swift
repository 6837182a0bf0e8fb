// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIOCore

@Suite struct TimerHeapTests {
  private func action(_ number: Int) -> TimerAction { .endWait(WaitID(index: UInt32(number), generation: 0)) }

  private func number(_ action: TimerAction?) -> Int? {
    guard case .endWait(let id)? = action else { return nil }
    return Int(id.index)
  }

  private struct Model {
    var deadline: Int64
    var number: Int
    var id: TimerID
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `it agrees with a sorted list over random inserts, cancellations and expiries`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var heap = TimerHeap()
    // In the order of insertion: a stable choice of the least deadline gives the expected order.
    var model: [Model] = []
    var gone: [TimerID] = []
    for step in 0..<3000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let deadline = Int64.random(in: 0..<200, using: &random)
        model.append(Model(deadline: deadline, number: step, id: heap.insert(deadline: deadline, action(step))))
      case 5..<8:
        guard let index = model.indices.randomElement(using: &random) else { continue }
        let wasWaiting = heap.cancel(model[index].id)
        #expect(wasWaiting)
        gone.append(model.remove(at: index).id)
      default:
        let now = Int64.random(in: 0..<150, using: &random)
        let due = model.indices.filter { model[$0].deadline <= now }.min { model[$0].deadline < model[$1].deadline }
        let popped = number(heap.popDue(now))
        #expect(popped == due.map { model[$0].number })
        if let due { gone.append(model.remove(at: due).id) }
      }
      #expect(heap.count == model.count)
      let next = heap.nextDeadline()
      #expect(next == model.map(\.deadline).min())
      if let stale = gone.randomElement(using: &random) {
        let wasWaiting = heap.cancel(stale)
        #expect(!wasWaiting)
      }
    }
    var waiting: [Int] = []
    heap.forEachWaiting { _, action in waiting.append(number(action) ?? -1) }
    #expect(waiting.sorted() == model.map(\.number))
  }

  @Test func `equal deadlines are due in the order of insertion`() {
    var heap = TimerHeap()
    for index in 0..<1000 { _ = heap.insert(deadline: 7, action(index)) }
    let order = (0..<1000).map { _ in number(heap.popDue(7)) }
    #expect(order == Array(0..<1000))
    let none = number(heap.popDue(.max))
    #expect(none == nil)
  }

  @Test func `nothing is due before its time`() {
    var heap = TimerHeap()
    _ = heap.insert(deadline: 10, action(0))
    let early = number(heap.popDue(9))
    #expect(early == nil)
    let due = number(heap.popDue(10))
    #expect(due == 0)
    #expect(heap.isEmpty)
  }

  @Test func `cancelled timers leave once they are many, and the others stay in order`() {
    var heap = TimerHeap()
    let ids = (0..<10_000).map { heap.insert(deadline: Int64(10_000 - $0), action($0)) }
    for (index, id) in ids.enumerated() where index % 100 != 0 { heap.cancel(id) }
    #expect(heap.count == 100)
    #expect(heap.entries < 300)
    let due = (0..<100).map { _ in number(heap.popDue(.max)) ?? -1 }
    #expect(due == (0..<100).map { 9900 - 100 * $0 })
    #expect(heap.isEmpty)
  }

  @Test func `a million timers are inserted, cancelled and due`() {
    var random = SeededRandom(seed: 3)
    var heap = TimerHeap()
    var ids: [TimerID] = []
    ids.reserveCapacity(1_000_000)
    for index in 0..<1_000_000 {
      ids.append(heap.insert(deadline: Int64.random(in: 0..<1 << 40, using: &random), action(index)))
    }
    #expect(heap.count == 1_000_000)
    for index in 0..<1_000_000 where index % 50 != 0 { heap.cancel(ids[index]) }
    #expect(heap.count == 20_000)
    var last = Int64.min
    var due = 0
    while let deadline = heap.nextDeadline() {
      if deadline < last { Issue.record("\(deadline) came after \(last)") }
      last = deadline
      guard let number = number(heap.popDue(deadline)) else { continue }
      if number % 50 != 0 { Issue.record("timer \(number) was cancelled") }
      due += 1
    }
    #expect(due == 20_000)
  }
}
