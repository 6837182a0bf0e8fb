// SPDX-License-Identifier: Apache-2.0
// What multishot RECVMSG needs (Linux 6.0): buffers that hold a whole frame, and a `msghdr` that says how much room of
// each is for the sender's name and for control messages. It is one for all sockets, and stays for as long as the ring.
//
// 64 frames are 4 MiB of addresses, of which small datagrams touch a page or two each. The kernel ends the request when
// none is left, or after an empty datagram; it is then submitted again.

import CLinux
import Glibc

@safe final class RingDatagrams {
  // Safe: owns the message, which outlives the ring's requests, as the backend does that holds this.
  static let firstIdentifier: UInt16 = 1024

  @safe @exclusivity(unchecked) var buffers: ProvidedBuffers
  private let message: UnsafeMutablePointer<msghdr>

  init(ring: Int32) throws(SystemError) {
    buffers = try ProvidedBuffers(
      ring: ring, group: 1, count: 64, size: Int(ASYNCIO_DATAGRAM_FRAME), firstIdentifier: Self.firstIdentifier)
    unsafe message = .allocate(capacity: 1)
    unsafe message.initialize(to: msghdr())
    unsafe message.pointee.msg_namelen = socklen_t(ASYNCIO_DATAGRAM_NAME_ROOM)
    unsafe message.pointee.msg_controllen = Int(ASYNCIO_DATAGRAM_CONTROL_ROOM)
  }

  deinit { unsafe message.deallocate() }

  func prepare(_ entry: UnsafeMutablePointer<asyncio_uring_sqe>) {
    unsafe entry.pointee.opcode = UInt8(ASYNCIO_URING_OP_RECVMSG)
    unsafe entry.pointee.flags = UInt8(ASYNCIO_URING_SQE_BUFFER_SELECT)
    unsafe entry.pointee.ioprio = UInt16(ASYNCIO_URING_RECV_MULTISHOT)
    unsafe entry.pointee.buf_group = buffers.group
    unsafe entry.pointee.addr = UInt64(UInt(bitPattern: message))
    unsafe entry.pointee.len = 1
  }
}
