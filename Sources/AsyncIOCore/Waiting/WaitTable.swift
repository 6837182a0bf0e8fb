// SPDX-License-Identifier: Apache-2.0
// The waits of suspended tasks: a slab of records in chunks. These never move, because a cancellation handler on
// another thread holds the address of a record. A record's memory lives as long as the loop, and the loop outlives
// every task that waits on it.
//
// Only the loop's own thread touches the table, with one exception. The cancellation handler reads a record's `loop`
// and `id`. They are written before the handler is registered, and not changed until it is removed (the runtime's
// remove waits for a running handler).

/// Identifies one wait of one task; stale once the wait is over.
package struct WaitID: Equatable, Hashable, Sendable {
  let index: UInt32
  let generation: UInt32
}

/// How a wait ended.
package enum WaitOutcome: Equatable {
  /// `resume` was called, with this result.
  case resumed(Int)
  /// The task was cancelled first.
  case cancelled
  /// The deadline of the wait came first.
  case deadlinePassed

  /// Throws `CancellationError` or `DeadlinePassed` if one of those came first.
  package func check() throws {
    switch self {
    case .resumed: break
    case .cancelled: throw CancellationError()
    case .deadlinePassed: throw DeadlinePassed()
    }
  }
}

@safe struct WaitRecord {
  // Safe: lives in a table of the loop that it points to, and a suspended task cannot go away.
  enum State: UInt8 {
    case free
    /// The wait was announced; its task is not suspended yet.
    case armed
    /// The task is suspended and `item` is its job.
    case suspended
    /// The wait was resumed; its task has not picked up the outcome yet.
    case resumed
  }

  /// The suspended job, in the form of the run queue.
  var item = ReadyItem(word: 0)
  unowned(unsafe) var loop: EventLoop
  /// The waiting task, unretained: a suspended task cannot go away.
  var task: UnsafeMutableRawPointer?
  var result = 0
  var since: Int64 = 0
  var reason = WaitReason.unnamed
  var index: UInt32
  var generation: UInt32 = 0
  var nextFree: UInt32 = .max
  var state = State.free
  var ending = Ending.resumed

  enum Ending: UInt8 { case resumed, cancelled, deadlinePassed }

  var outcome: WaitOutcome {
    switch ending {
    case .resumed: .resumed(result)
    case .cancelled: .cancelled
    case .deadlinePassed: .deadlinePassed
    }
  }

  var id: WaitID { WaitID(index: index, generation: generation) }
}

@safe struct WaitTable: ~Copyable {
  // Safe: owns its chunks; a record stays in place as long as the table lives.
  private static var chunkSize: Int { 256 }
  private var chunks: [UnsafeMutablePointer<WaitRecord>] = unsafe []
  private var firstFree: UInt32 = .max
  /// The number of tasks that wait now.
  private(set) var count = 0
  /// The names of waiting tasks, by the index of their records, if they are stored. They are not in the record:
  /// `Task.name` walks the task's records, so only the loops of tests ask for it.
  var taskNames: [UInt32: String] = [:]

  deinit {
    unsafe chunks.forEach { chunk in
      unsafe chunk.deinitialize(count: Self.chunkSize)
      unsafe chunk.deallocate()
    }
  }

  @inline(__always)
  subscript(index: UInt32) -> UnsafeMutablePointer<WaitRecord> {
    unsafe chunks[Int(index) / Self.chunkSize] + Int(index) % Self.chunkSize
  }

  /// The record of a wait; nil if the wait is over.
  @inline(__always)
  func record(_ id: WaitID) -> UnsafeMutablePointer<WaitRecord>? {
    let record = unsafe self[id.index]
    return unsafe record.pointee.generation == id.generation ? record : nil
  }

  @inline(__always)
  mutating func allocate(for loop: EventLoop) -> UnsafeMutablePointer<WaitRecord> {
    if firstFree == .max { grow(for: loop) }
    let record = unsafe self[firstFree]
    firstFree = unsafe record.pointee.nextFree
    count += 1
    return unsafe record
  }

  @inline(__always)
  mutating func free(_ record: UnsafeMutablePointer<WaitRecord>) {
    unsafe record.pointee.generation &+= 1
    unsafe record.pointee.state = .free
    unsafe record.pointee.nextFree = firstFree
    firstFree = unsafe record.pointee.index
    count -= 1
  }

  func forEachWaiting(_ body: (UnsafeMutablePointer<WaitRecord>) -> Void) {
    unsafe chunks.forEach { chunk in
      for offset in 0..<Self.chunkSize where unsafe chunk[offset].state == .suspended { unsafe body(chunk + offset) }
    }
  }

  @inline(never)
  private mutating func grow(for loop: EventLoop) {
    let chunk = UnsafeMutablePointer<WaitRecord>.allocate(capacity: Self.chunkSize)
    let base = unsafe UInt32(chunks.count * Self.chunkSize)
    for offset in 0..<UInt32(Self.chunkSize) {
      var record = unsafe WaitRecord(loop: loop, index: base + offset)
      record.nextFree = offset + 1 < Self.chunkSize ? base + offset + 1 : firstFree
      unsafe (chunk + Int(offset)).initialize(to: record)
    }
    unsafe chunks.append(chunk)
    firstFree = base
  }
}
