// SPDX-License-Identifier: Apache-2.0
// A multishot receive can lose the end of its connection. Bytes and a reset (of a Unix socket, an end) that come before
// its work has run wake it twice. It takes the bytes, finds that nothing is unread, and sleeps again; the second wake
// counts as served. Nothing follows a reset, so the receive would sleep for ever. That happens to some in ten thousand
// connections that are reset while the loop is short of CPU (Linux 6.18; Tests/KernelFacts/multishot-reset.c shows it).
// With Unix sockets it is liburing's issue 1549. Single receives don't lose it, but each arms a poll anew.
//
// So a poll for the peer's end (POLLRDHUP, and POLLERR and POLLHUP, which nobody need ask for) stands beside the
// receive for as long as that lasts. Data don't wake it, so a message costs what it did. Once it has told, a receive
// that is still there is cancelled, and pieces are received one by one up to the end. The poll keeps the socket open as
// any request does: the receive's last completion comes after the poll's.

import CLinux
import Glibc

/// What a receive knows of the poll beside it.
struct EndPoll {
  /// In the half of `user_data` that is the operation's index, which never gets that far.
  private static let flag: UInt64 = 1 << 31

  fileprivate(set) var isInFlight = false
  fileprivate var isEnding = false
  /// The peer has ended its stream, or the connection is lost.
  fileprivate(set) var hasTold = false
  fileprivate var holdsResult = false
  /// Of the receive, until the poll has ended too.
  fileprivate var result: Int32 = 0

  static func isNamed(by userData: UInt64) -> Bool { userData & flag != 0 }

  fileprivate static func userData(of receive: OperationID) -> UInt64 { receive.userData | flag }

  fileprivate static func receive(of userData: UInt64) -> OperationID { OperationID(userData: userData & ~flag) }
}

extension OperationRecord {
  /// Whether a receive has ended for no other reason than that it is to look again.
  func wasWoken(by result: Int32) -> Bool {
    result == -ECANCELED && kind == .receive && state == .submitted && endPoll.hasTold
  }
}

extension RingBackend {
  func startEndPoll(_ record: UnsafeMutablePointer<OperationRecord>) {
    guard unsafe !record.pointee.endPoll.isInFlight && !record.pointee.endPoll.hasTold else { return }
    unsafe record.pointee.endPoll.isInFlight = true
    let entry = unsafe nextEntry()
    unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_POLL_ADD)
    unsafe entry.pointee.fd = record.pointee.descriptor
    unsafe entry.pointee.op_flags = UInt32(EPOLLRDHUP.rawValue)
    unsafe entry.pointee.user_data = EndPoll.userData(of: record.pointee.id)
  }

  func endEndPoll(_ record: UnsafeMutablePointer<OperationRecord>) {
    guard unsafe record.pointee.endPoll.isInFlight && !record.pointee.endPoll.isEnding else { return }
    unsafe record.pointee.endPoll.isEnding = true
    unsafe cancel(userData: EndPoll.userData(of: record.pointee.id))
  }

  /// The operation is over, once its poll is.
  func finish(_ record: UnsafeMutablePointer<OperationRecord>, _ result: Int32, of loop: EventLoop) {
    guard unsafe record.pointee.endPoll.isInFlight else {
      return unsafe loop.complete(record, Completion(result: result, isLast: true))
    }
    unsafe record.pointee.endPoll.holdsResult = true
    unsafe record.pointee.endPoll.result = result
    unsafe endEndPoll(record)
  }

  func endPollEnded(_ result: asyncio_uring_cqe, of loop: EventLoop) {
    let id = EndPoll.receive(of: result.user_data)
    guard let record = unsafe loop.operations.record(id) else { return }
    unsafe record.pointee.endPoll.isInFlight = false
    if unsafe record.pointee.endPoll.holdsResult {
      let held = unsafe record.pointee.endPoll.result
      return unsafe loop.complete(record, Completion(result: held, isLast: true))
    }
    guard unsafe record.pointee.state == .submitted else { return }
    // Also if the kernel refuses the poll: then the receive has to do without.
    unsafe record.pointee.endPoll.hasTold = true
    hungUp.append(id)
  }

  /// What is left of a connection is there by now, or was received in this turn.
  func wakeSleepers(of loop: EventLoop) {
    for id in hungUp {
      guard let record = unsafe loop.operations.record(id), unsafe record.pointee.state == .submitted else { continue }
      cancel(userData: id.userData)
    }
    hungUp.removeAll(keepingCapacity: true)
  }
}
