// SPDX-License-Identifier: Apache-2.0
// The items that are ready to run, first in, first out. An item is one word: the address of a job or of a handle, which
// is aligned to 16, with its kind in the low bits. A ring that only grows holds them: no allocation per item, and no
// pointer to chase as in a list through the jobs. Only the loop's own thread touches it.
//
// Benchmark: yield.

import CLinux

/// What a word in the run queue stands for, which decides how it is run.
enum ReadyKind: UInt {
  /// A job of the main actor: it runs isolated to the main executor, so that calls between main-actor code do not hop.
  case main = 0
  /// A job outside of actors that came through the process's default executor.
  case routed = 1
  /// A job of a task that prefers this loop's executor (SE-0417).
  case preferring = 2
  /// A job of an actor whose executor is this loop.
  case serial = 3
  /// A callback of `callSoon` and its kin: an owned `Handle`.
  case handle = 4
}

struct ReadyItem {
  let word: UInt

  static let kindMask: UInt = 7

  @inline(__always)
  init(word: UInt) { self.word = word }

  @inline(__always)
  init(_ job: UnownedJob, _ kind: ReadyKind) {
    // Safety: an UnownedJob is one word, the address of the job (ExecutorJob's only stored property, frozen ABI).
    word = unsafe unsafeBitCast(job, to: UInt.self) | kind.rawValue
  }

  /// The job of a task, which is the task itself.
  @inline(__always)
  init(ofTask task: UnsafeMutableRawPointer, _ kind: ReadyKind) { word = UInt(bitPattern: task) | kind.rawValue }

  /// Takes a reference to the handle, which `takeHandle` gives back.
  @inline(__always)
  init(_ handle: Handle) {
    word = unsafe UInt(bitPattern: Unmanaged.passRetained(handle).toOpaque()) | ReadyKind.handle.rawValue
  }

  @inline(__always)
  var kind: ReadyKind { unsafe ReadyKind(rawValue: word & Self.kindMask).unsafelyUnwrapped }

  @inline(__always)
  // Safety: made by `init(_:_:)` from a job that its executor has not run yet; the caller has checked the kind.
  var job: UnownedJob { unsafe unsafeBitCast(word & ~Self.kindMask, to: UnownedJob.self) }

  @inline(__always)
  func takeHandle() -> Handle {
    // Safety: made by `init(_:)` from a retained handle, and taken once.
    unsafe Unmanaged<Handle>.fromOpaque(
      UnsafeRawPointer(bitPattern: word & ~Self.kindMask).unsafelyUnwrapped
    ).takeRetainedValue()
  }
}

@safe struct RunQueue: ~Copyable {
  // Safe: owns its ring. Positions are masked to its size, and only those between `head` and `tail` are read.
  private var items: UnsafeMutablePointer<ReadyItem>
  private var mask: Int
  /// Positions only grow; the slot is the position modulo the capacity.
  private(set) var head = 0
  private(set) var tail = 0

  init(capacity: Int = 256) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "the capacity is a power of two")
    unsafe items = .allocate(capacity: capacity)
    mask = capacity - 1
  }

  deinit { unsafe items.deallocate() }

  @inline(__always)
  var isEmpty: Bool { head == tail }

  @inline(__always)
  var count: Int { tail &- head }

  @inline(__always)
  mutating func append(_ item: ReadyItem) {
    if tail &- head > mask { grow() }
    unsafe items[tail & mask] = item
    tail &+= 1
  }

  @inline(__always)
  mutating func removeFirst() -> ReadyItem {
    let item = unsafe items[head & mask]
    head &+= 1
    return item
  }

  /// Removes and returns the last item.
  mutating func removeLast() -> ReadyItem {
    tail &-= 1
    return unsafe items[tail & mask]
  }

  /// Prefetches the job this many places after the first.
  @inline(__always)
  func prefetch(ahead: Int) {
    asyncio_prefetch_job(unsafe items[(head &+ ahead) & mask].word & ~ReadyItem.kindMask)
  }

  /// Moves the last `count` items to the front, in their order.
  mutating func moveToFront(last count: Int) {
    for _ in 0..<count {
      tail &-= 1
      head &-= 1
      unsafe items[head & mask] = unsafe items[tail & mask]
    }
  }

  /// Puts the items up to the position `end` into an order drawn from `random`: the order of ready jobs is random, but
  /// determined by a seed.
  mutating func shuffle(upTo end: Int, using random: inout SeededRandom) {
    var position = end
    while position &- head > 1 {
      let other = head &+ Int.random(in: 0..<(position &- head), using: &random)
      position &-= 1
      unsafe swap(&items[position & mask], &items[other & mask], when: position != other)
    }
  }

  private func swap(_ a: inout ReadyItem, _ b: inout ReadyItem, when different: Bool) {
    guard different else { return }
    let item = a
    a = b
    b = item
  }

  /// Positions do not change: a turn remembers its end as a position.
  @inline(never)
  private mutating func grow() {
    let largerMask = mask &* 2 &+ 1
    let larger = UnsafeMutablePointer<ReadyItem>.allocate(capacity: largerMask &+ 1)
    var position = head
    while position != tail {
      unsafe larger[position & largerMask] = unsafe items[position & mask]
      position &+= 1
    }
    unsafe items.deallocate()
    unsafe items = larger
    mask = largerMask
  }
}
