// SPDX-License-Identifier: Apache-2.0
// A readable socket of datagrams gives up to 32 of them with one recvmmsg(2). They are handed on one by one, even if
// the receiver has asked for the end after the first: the kernel has let go of the others.
//
// Benchmark: udp-100.

import CLinux
import Glibc

extension EpollBackend {
  func receiveDatagrams(_ record: UnsafeMutablePointer<OperationRecord>, of loop: EventLoop) {
    let frames = datagramFrames ?? DatagramFrames()
    datagramFrames = frames
    let id = unsafe record.pointee.id
    calls &+= 1
    let count = unsafe frames.receive(from: record.pointee.descriptor)
    if count < 0 {
      if count == -EAGAIN || count == -EINTR { return }
      unsafe loop.complete(record, Completion(result: count, isLast: false))
      return
    }
    for index in 0..<Int(count) {
      guard let record = unsafe loop.operations.record(id) else { return }
      let bytes = unsafe frames[index]
      unsafe loop.complete(record, Completion(result: Int32(bytes.count), bytes: bytes, isLast: false))
    }
  }
}

/// The memory behind recvmmsg(2): 2 MiB of addresses, of which small datagrams touch a page or two each.
@safe final class DatagramFrames {
  // Safe: owns what its pointers point to; the slice of a subscript is `unsafe` to use.
  private static let capacity = 32
  private static let frameSize = Int(ASYNCIO_DATAGRAM_FRAME)

  private let memory: UnsafeMutableRawPointer
  private let messages: UnsafeMutablePointer<asyncio_mmsghdr>
  private let pieces: UnsafeMutablePointer<iovec>

  init() {
    unsafe memory = .allocate(byteCount: Self.capacity * Self.frameSize, alignment: 64)
    unsafe messages = .allocate(capacity: Self.capacity)
    unsafe messages.initialize(repeating: asyncio_mmsghdr(), count: Self.capacity)
    unsafe pieces = .allocate(capacity: Self.capacity)
    for index in 0..<Self.capacity {
      let frame = unsafe memory + index * Self.frameSize
      unsafe (pieces + index).initialize(
        to: iovec(
          iov_base: frame + Int(ASYNCIO_DATAGRAM_PREFIX), iov_len: Self.frameSize - Int(ASYNCIO_DATAGRAM_PREFIX)))
      unsafe messages[index].header.msg_iov = unsafe pieces + index
      unsafe messages[index].header.msg_iovlen = 1
      unsafe messages[index].header.msg_name = unsafe frame + DatagramFrame.nameOffset
      unsafe messages[index].header.msg_control = unsafe frame + DatagramFrame.controlOffset
    }
  }

  deinit {
    unsafe memory.deallocate()
    unsafe messages.deallocate()
    unsafe pieces.deallocate()
  }

  /// The number of datagrams received, or a negative errno.
  func receive(from descriptor: Int32) -> Int32 {
    for index in 0..<Self.capacity {
      unsafe messages[index].header.msg_namelen = socklen_t(ASYNCIO_DATAGRAM_NAME_ROOM)
      unsafe messages[index].header.msg_controllen = Int(ASYNCIO_DATAGRAM_CONTROL_ROOM)
    }
    return unsafe asyncio_receive_datagrams(descriptor, messages, UInt32(Self.capacity))
  }

  /// The frame of a datagram that was received.
  subscript(index: Int) -> UnsafeRawBufferPointer {
    let frame = unsafe memory + index * Self.frameSize
    let message = unsafe messages[index]
    let header = unsafe asyncio_datagram_header(
      name_length: message.header.msg_namelen, control_length: UInt32(message.header.msg_controllen),
      payload_length: message.length, flags: UInt32(bitPattern: message.header.msg_flags))
    unsafe frame.storeBytes(of: header, as: asyncio_datagram_header.self)
    let count = unsafe Int(ASYNCIO_DATAGRAM_PREFIX) + Int(message.length)
    return unsafe UnsafeRawBufferPointer(start: frame, count: count)
  }
}
