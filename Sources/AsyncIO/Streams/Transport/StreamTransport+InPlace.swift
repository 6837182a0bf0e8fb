// SPDX-License-Identifier: Apache-2.0
// Bytes that are lent where they lie, to a parser, the body of `withBytes`, or a protocol. What runs within the loan
// may start a task at once, and so a read of the same stream: it would take away, or move, what is lent. So that is
// refused.

import AsyncIOCore

extension StreamTransport {
  /// How many bytes have arrived and were not taken.
  package var unreadCount: Int { input.count }

  /// Whether the descriptor has something that was not received yet: bytes, the end, or an error. Asks the kernel.
  package var hasUnreceived: Bool { state.isOpen && loop.backend.isReadable(number) }

  /// Lends the unread bytes for the time of the call, and forgets as many of the first as the body returns. For
  /// services that parse what has arrived, instead of taking copies out.
  package func withUnread(_ body: (UnsafeRawBufferPointer) throws -> Int) rethrows {
    if try unsafe lendUnread(body) > 0 { resumeReceiving() }
  }

  /// The same, without receiving more after it. Returns what the body returns.
  func lendUnread(_ body: (UnsafeRawBufferPointer) throws -> Int) rethrows -> Int {
    require(!state.input.isLent, "bytes of \(waitDescription) are lent already")
    state.input.lend()
    defer { state.input.endLoan() }
    let lent = unsafe input.bytes
    let taken = try unsafe body(lent)
    requireTaken(taken, of: lent.count)
    input.drop(taken)
    return taken
  }

  func requireTaken(_ taken: Int, of lent: Int) {
    require(taken >= 0 && taken <= lent, "withBytes: the body took \(taken) of \(lent) bytes")
  }

  /// Throws if nobody may take from the input now.
  @inline(__always)
  func beginRead(_ call: StaticString) throws {
    if state.input.isLent { throw named(StreamError.lent, call) }
    if consumer != nil { throw named(StreamError.handedOver, call) }
  }

  // MARK: - To another thread

  /// A copy of the unread bytes, which stay until `endLoan`.
  func beginLoan() throws -> [UInt8] {
    guard reader == nil else { throw named(StreamError.concurrentRead, "withBytes") }
    try beginRead("withBytes")
    state.input.lend()
    return unsafe Array(input.bytes)
  }

  func endLoan(taking count: Int) {
    state.input.endLoan()
    input.drop(count)
    resumeReceiving()
  }
}
