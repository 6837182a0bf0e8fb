// SPDX-License-Identifier: Apache-2.0
// The operations in flight: a slab of records in chunks that never move, because backends hold their addresses.
// Steady state allocates nothing. Only the loop's own thread touches it.

package import CLinux
import Glibc

@safe package struct OperationRecord {
  // Safe: code that follows a pointer of it says `unsafe`; `owner` keeps the bytes, the table frees the address.
  package enum State: UInt8 {
    case free, submitted, cancelRequested
  }

  package let index: UInt32
  package fileprivate(set) var generation: UInt32 = 0
  fileprivate var nextFree: UInt32 = .max
  package var state = State.free
  package var kind = OperationKind.poll
  package var descriptor: Int32 = -1
  /// poll(2)'s events; 1 of an accept that takes one connection and no more, and of a write without flags.
  package var events: UInt32 = 0
  package var isAcceptOnce: Bool { kind == .accept && events == 1 }
  var isPlainWrite: Bool { kind == .write && events == 1 }
  /// What to send; see `advance`.
  package var pointer: UnsafeRawPointer?
  package var count = 0
  /// What was sent of it.
  package var done = 0
  /// Where in a file.
  var offset: UInt64 = 0
  /// The backend waits until the descriptor is ready, to try again.
  package var waitsForReadiness = false
  /// Of a receive on io_uring.
  var endPoll = EndPoll()
  /// Where to connect to; allocated for the operation and freed with it.
  package var address: SocketAddress?
  package var storage: UnsafeMutablePointer<sockaddr_storage>?
  /// Keeps the memory behind `pointer`.
  package var owner: AnyObject?
  package var sink: (any OperationSink)?

  package var id: OperationID { OperationID(index: index, generation: generation) }

  /// What is still to be sent.
  package var rest: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: pointer, count: count) }

  /// Notes that bytes have left; whether they were the last.
  package mutating func advance(by bytes: Int) -> Bool {
    done += bytes
    count -= bytes
    unsafe pointer = unsafe pointer.map { unsafe $0 + bytes }
    return count == 0
  }

  init(index: UInt32) { self.index = index }
}

@safe package struct OperationTable: ~Copyable {
  // Safe: owns its chunks; a record it hands out stays in place as long as the table lives.
  private static var chunkSize: Int { 128 }
  private var chunks: [UnsafeMutablePointer<OperationRecord>] = unsafe []
  private var firstFree: UInt32 = .max
  package private(set) var inFlight = 0

  init() {}

  deinit {
    unsafe chunks.forEach { chunk in
      for offset in 0..<Self.chunkSize { unsafe chunk[offset].storage?.deallocate() }
      unsafe chunk.deinitialize(count: Self.chunkSize)
      unsafe chunk.deallocate()
    }
  }

  /// The record of an operation that is in flight; nil if it is over.
  @inline(__always)
  package func record(_ id: OperationID) -> UnsafeMutablePointer<OperationRecord>? {
    guard unsafe Int(id.index) < chunks.count * Self.chunkSize else { return nil }
    let record = unsafe chunks[Int(id.index) / Self.chunkSize] + Int(id.index) % Self.chunkSize
    let isCurrent = unsafe record.pointee.generation == id.generation && record.pointee.state != .free
    return unsafe isCurrent ? record : nil
  }

  mutating func allocate(
    _ kind: OperationKind, descriptor: Int32, sink: any OperationSink
  ) -> UnsafeMutablePointer<OperationRecord> {
    if firstFree == .max { grow() }
    let record = unsafe chunks[Int(firstFree) / Self.chunkSize] + Int(firstFree) % Self.chunkSize
    firstFree = unsafe record.pointee.nextFree
    unsafe record.pointee.state = .submitted
    unsafe record.pointee.kind = kind
    unsafe record.pointee.descriptor = descriptor
    unsafe record.pointee.sink = sink
    unsafe record.pointee.events = 0
    unsafe record.pointee.done = 0
    unsafe record.pointee.waitsForReadiness = false
    unsafe record.pointee.endPoll = EndPoll()
    inFlight += 1
    return unsafe record
  }

  mutating func free(_ record: UnsafeMutablePointer<OperationRecord>) {
    unsafe record.pointee.state = .free
    unsafe record.pointee.generation &+= 1
    unsafe record.pointee.sink = nil
    unsafe record.pointee.owner = nil
    unsafe record.pointee.pointer = nil
    unsafe record.pointee.address = nil
    if let storage = unsafe record.pointee.storage {
      unsafe storage.deallocate()
      unsafe record.pointee.storage = nil
    }
    unsafe record.pointee.nextFree = firstFree
    firstFree = unsafe record.pointee.index
    inFlight -= 1
  }

  /// Lets go of all who wait for a completion, at the end of the loop: none will come.
  func forgetSinks() {
    forEachInFlight { id in unsafe record(id)?.pointee.sink = nil }
  }

  func forEachInFlight(_ body: (OperationID) -> Void) {
    unsafe chunks.forEach { chunk in
      for offset in 0..<Self.chunkSize where unsafe chunk[offset].state != .free { unsafe body(chunk[offset].id) }
    }
  }

  @inline(never)
  private mutating func grow() {
    let chunk = UnsafeMutablePointer<OperationRecord>.allocate(capacity: Self.chunkSize)
    let base = unsafe UInt32(chunks.count * Self.chunkSize)
    for offset in 0..<UInt32(Self.chunkSize) {
      var record = OperationRecord(index: base + offset)
      record.nextFree = offset + 1 < Self.chunkSize ? base + offset + 1 : firstFree
      unsafe (chunk + Int(offset)).initialize(to: record)
    }
    unsafe chunks.append(chunk)
    firstFree = base
  }
}
