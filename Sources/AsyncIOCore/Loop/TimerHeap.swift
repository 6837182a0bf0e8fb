// SPDX-License-Identifier: Apache-2.0
// The loop's timers: a 4-ary heap of deadlines over a slab of actions.
//
// A timer is mostly a time-out that never fires: inserted with a deadline later than nearly all others, and soon
// cancelled. So insertion appends and seldom moves up (on average under 1.4 levels in any order), and cancellation only
// marks the slab's slot. Like in asyncio, the heap is rebuilt once the cancelled timers are both many and the majority.
// Four children a node halve the levels of a binary heap, and four 16-byte entries are one cache line. A timing wheel
// would insert as cheaply but fires late by its tick (tokio's rounds to 1 ms). It also gives up the order of deadlines
// that tests under virtual time rely on.
//
// Equal deadlines fire in the order of insertion: the sequence number breaks ties. Only the loop's own thread touches
// it.
//
// Benchmark: timeout, sleep100k.

/// Names a timer; stale once it has fired or was cancelled.
package struct TimerID: Equatable {
  let slot: UInt32
  let generation: UInt32
}

/// The action of a timer that fires.
enum TimerAction {
  /// Ends a wait at its deadline.
  case endWait(WaitID)
  /// Runs a job that was enqueued with a time: by `Task.sleep`, for the task that called it.
  case run(ReadyItem, SwiftTask?)
  /// Calls a callback of `callLater` or `callAt`.
  case call(TimerHandle)
  /// Expires the time limit of a scope.
  case expire(CancelNode)
}

struct TimerHeap {
  private struct Entry {
    var deadline: Int64
    var sequence: UInt32
    var slot: UInt32

    @inline(__always)
    func precedes(_ other: Entry) -> Bool {
      // The sequence wraps around: compare by distance.
      deadline < other.deadline
        || (deadline == other.deadline && Int32(truncatingIfNeeded: sequence &- other.sequence) < 0)
    }
  }

  private struct Slot {
    var action: TimerAction?
    var generation: UInt32 = 0
    var nextFree: UInt32 = .max
  }

  private var heap: [Entry] = []
  private var slots: [Slot] = []
  private var firstFree: UInt32 = .max
  private var sequence: UInt32 = 0
  private var cancelled = 0

  /// The number of timers that will fire.
  var count: Int { heap.count - cancelled }

  /// The number of entries, cancelled timers not yet removed included.
  var entries: Int { heap.count }

  /// Whether a moving clock can have no effect. Cancelled timers count as entries.
  @inline(__always)
  var isEmpty: Bool { heap.isEmpty }

  mutating func insert(deadline: Int64, _ action: TimerAction) -> TimerID {
    let slot: UInt32
    if firstFree != .max {
      slot = firstFree
      firstFree = slots[Int(slot)].nextFree
    } else {
      slot = UInt32(slots.count)
      slots.append(Slot())
    }
    slots[Int(slot)].action = action
    sequence &+= 1
    heap.append(Entry(deadline: deadline, sequence: sequence, slot: slot))
    siftUp(heap.count - 1)
    return TimerID(slot: slot, generation: slots[Int(slot)].generation)
  }

  /// Cancels a timer. Returns whether it was still waiting.
  @discardableResult
  mutating func cancel(_ timer: TimerID) -> Bool {
    let slot = Int(timer.slot)
    guard slots[slot].generation == timer.generation, slots[slot].action != nil else { return false }
    slots[slot].action = nil
    cancelled += 1
    if cancelled > 100 && cancelled * 2 > heap.count { removeCancelled() }
    return true
  }

  /// The earliest deadline of a timer that is not cancelled.
  mutating func nextDeadline() -> Int64? {
    while !heap.isEmpty {
      let first = heap[0]
      if slots[Int(first.slot)].action != nil { return first.deadline }
      removeFirst()
      cancelled -= 1
      free(first.slot)
    }
    return nil
  }

  /// Removes and returns the earliest timer if it is due at `now`.
  mutating func popDue(_ now: Int64) -> TimerAction? {
    // Not `heap.first`: without the optimizer that is a generic accessor, which allocates.
    while !heap.isEmpty && heap[0].deadline <= now {
      let first = heap[0]
      removeFirst()
      let action = slots[Int(first.slot)].action
      if action == nil { cancelled -= 1 }
      free(first.slot)
      if let action { return action }
    }
    return nil
  }

  /// Calls the body with all waiting timers, in no order: for reports and for the end of a run.
  func forEachWaiting(_ body: (Int64, TimerAction) -> Void) {
    for entry in heap {
      if let action = slots[Int(entry.slot)].action { body(entry.deadline, action) }
    }
  }

  // MARK: - The heap

  @inline(__always)
  private mutating func free(_ slot: UInt32) {
    slots[Int(slot)].action = nil
    slots[Int(slot)].generation &+= 1
    slots[Int(slot)].nextFree = firstFree
    firstFree = slot
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      siftDown(0)
    }
  }

  private mutating func siftUp(_ start: Int) {
    unsafe heap.withUnsafeMutableBufferPointer { heap in
      var index = start
      let entry = unsafe heap[index]
      while index > 0 {
        let parent = (index - 1) >> 2
        guard unsafe entry.precedes(heap[parent]) else { break }
        unsafe heap[index] = unsafe heap[parent]
        index = parent
      }
      unsafe heap[index] = entry
    }
  }

  private mutating func siftDown(_ start: Int) {
    unsafe heap.withUnsafeMutableBufferPointer { heap in
      var index = start
      let count = heap.count
      let entry = unsafe heap[index]
      while true {
        let firstChild = index << 2 + 1
        guard firstChild < count else { break }
        var smallest = firstChild
        var child = firstChild + 1
        let end = min(firstChild + 4, count)
        while child < end {
          if unsafe heap[child].precedes(heap[smallest]) { smallest = child }
          child += 1
        }
        guard unsafe heap[smallest].precedes(entry) else { break }
        unsafe heap[index] = unsafe heap[smallest]
        index = smallest
      }
      unsafe heap[index] = entry
    }
  }

  private mutating func removeCancelled() {
    var kept = 0
    for index in heap.indices {
      let entry = heap[index]
      if slots[Int(entry.slot)].action != nil {
        heap[kept] = entry
        kept += 1
      } else {
        free(entry.slot)
      }
    }
    heap.removeLast(heap.count - kept)
    cancelled = 0
    var index = (kept - 2) >> 2
    while index >= 0 {
      siftDown(index)
      index -= 1
    }
  }
}
