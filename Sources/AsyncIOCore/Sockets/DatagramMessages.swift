// SPDX-License-Identifier: Apache-2.0
// The structures of sendmmsg(2), kept for the next call: up to 64 messages leave with one. A row of datagrams of one
// length to one peer is a single message. The kernel or the network card cuts it (UDP_SEGMENT in udp(7), Linux 4.18):
// one trip down the network stack for up to 64 datagrams. The last one may be shorter.
//
// The kernel refuses a row whose datagrams are longer than the path takes whole (EINVAL), or that a device can't cut
// (EIO). The sender then tries without.
//
// Benchmark: udp-100-batch.

import CLinux
import Glibc

@safe final class DatagramMessages {
  // Safe: owns what its pointers point to, and fills in pointers to the caller's bytes for the time of a call.
  private static let capacity = 64
  /// UDP_MAX_SEGMENTS of kernels before 6.9.
  private static let longestRow = 64
  /// What IP carries in one packet, less the headers of IPv6 and UDP.
  private static let mostBytes = 65_535 - 48
  private static let controlSize = 24

  private let messages: UnsafeMutablePointer<asyncio_mmsghdr>
  private let pieces: UnsafeMutablePointer<iovec>
  private let names: UnsafeMutablePointer<sockaddr_storage>
  private let controls: UnsafeMutableRawPointer
  /// How many datagrams each message is.
  private let counts: UnsafeMutablePointer<Int>

  init() {
    unsafe messages = .allocate(capacity: Self.capacity)
    unsafe messages.initialize(repeating: asyncio_mmsghdr(), count: Self.capacity)
    unsafe pieces = .allocate(capacity: Self.capacity)
    unsafe pieces.initialize(repeating: iovec(), count: Self.capacity)
    unsafe names = .allocate(capacity: Self.capacity)
    unsafe names.initialize(repeating: sockaddr_storage(), count: Self.capacity)
    unsafe controls = .allocate(byteCount: Self.capacity * Self.controlSize, alignment: 8)
    unsafe controls.initializeMemory(as: UInt8.self, repeating: 0, count: Self.capacity * Self.controlSize)
    unsafe counts = .allocate(capacity: Self.capacity)
    unsafe counts.initialize(repeating: 0, count: Self.capacity)
  }

  deinit {
    unsafe messages.deallocate()
    unsafe pieces.deallocate()
    unsafe names.deallocate()
    unsafe controls.deallocate()
    unsafe counts.deallocate()
  }

  /// The number of datagrams that left, or the first one's negative errno.
  func send(
    _ datagrams: UnsafeBufferPointer<DatagramEntry>, of bytes: UnsafeRawBufferPointer, segmenting: Bool,
    from descriptor: Int32
  ) -> Int {
    var next = 0
    var count = 0
    while next < datagrams.count && count < Self.capacity {
      let row = unsafe segmenting ? Self.row(from: next, of: datagrams) : 1
      unsafe fill(count, with: next, row: row, of: datagrams, bytes)
      next += row
      count += 1
    }
    let sent = unsafe asyncio_send_datagrams(descriptor, messages, UInt32(count))
    guard sent > 0 else { return Int(sent) }
    var total = 0
    for index in 0..<Int(sent) { unsafe total += counts[index] }
    return total
  }

  /// How many datagrams, from this one on, the kernel takes as a whole.
  private static func row(from start: Int, of datagrams: UnsafeBufferPointer<DatagramEntry>) -> Int {
    let length = unsafe datagrams[start].length
    guard length > 0, unsafe datagrams[start].peer?.family != .unix else { return 1 }
    var count = 1
    var total = length
    while start + count < datagrams.count && count < longestRow {
      let index = start + count
      let end = unsafe datagrams[index - 1].offset + datagrams[index - 1].length
      let more = unsafe datagrams[index].length
      guard more > 0, more <= length, total + more <= mostBytes,
        unsafe datagrams[index].offset == end && datagrams[index].peer == datagrams[start].peer
      else { break }
      total += more
      count += 1
      if more < length { break }
    }
    return count
  }

  private func fill(
    _ index: Int, with start: Int, row: Int, of datagrams: UnsafeBufferPointer<DatagramEntry>,
    _ bytes: UnsafeRawBufferPointer
  ) {
    let offset = unsafe datagrams[start].offset
    let length = unsafe datagrams[start].length
    let last = unsafe datagrams[start + row - 1]
    unsafe pieces[index].iov_base = unsafe UnsafeMutableRawPointer(
      mutating: bytes.baseAddress.map { unsafe $0 + offset })
    unsafe pieces[index].iov_len = last.offset + last.length - offset
    unsafe counts[index] = row
    let message = unsafe messages + index
    unsafe message.pointee.header = msghdr()
    unsafe message.pointee.header.msg_iov = unsafe pieces + index
    unsafe message.pointee.header.msg_iovlen = 1
    if let peer = unsafe datagrams[start].peer {
      let (storage, nameLength) = peer.storage
      unsafe names[index] = storage
      unsafe message.pointee.header.msg_name = UnsafeMutableRawPointer(names + index)
      unsafe message.pointee.header.msg_namelen = nameLength
    }
    if row > 1 {
      unsafe asyncio_write_segment(
        &message.pointee.header, controls + index * Self.controlSize, UInt16(clamping: length))
    }
  }
}
