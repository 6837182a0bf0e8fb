// SPDX-License-Identifier: Apache-2.0
// A datagram as a completion of `receiveDatagrams` carries it: see datagrams.h for the form. It is lent for the time of
// the call that gets it.

import CLinux
import Glibc

@safe package struct DatagramFrame {
  // Safe: of the lent bytes only what lies within them is read; `payload` is `unsafe` to use.
  static var nameOffset: Int { MemoryLayout<asyncio_datagram_header>.size }
  static var controlOffset: Int { nameOffset + Int(ASYNCIO_DATAGRAM_NAME_ROOM) }
  private static var payloadOffset: Int { Int(ASYNCIO_DATAGRAM_PREFIX) }

  /// What fits into a frame.
  package static var longestPayload: Int { Int(ASYNCIO_DATAGRAM_PAYLOAD_ROOM) }
  /// How long a frame of the longest payload is.
  package static var longest: Int { Int(ASYNCIO_DATAGRAM_FRAME) }

  private let bytes: UnsafeRawBufferPointer
  private let header: asyncio_datagram_header

  package init(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count >= Self.payloadOffset, "a frame begins with its header, name and control messages")
    unsafe self.bytes = bytes
    unsafe header = bytes.loadUnaligned(as: asyncio_datagram_header.self)
  }

  package var payload: UnsafeRawBufferPointer {
    let end = unsafe min(bytes.count, Self.payloadOffset + Int(header.payload_length))
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[Self.payloadOffset..<end])
  }

  /// Whether the datagram was longer than what fits into a frame.
  package var isTruncated: Bool { header.flags & UInt32(MSG_TRUNC) != 0 }

  /// The sender. A Unix socket that was bound to no name has an unnamed one.
  package var peer: SocketAddress {
    let length = min(Int(header.name_length), Int(ASYNCIO_DATAGRAM_NAME_ROOM))
    let name = unsafe UnsafeRawBufferPointer(rebasing: bytes[Self.nameOffset..<Self.nameOffset + length])
    if length >= MemoryLayout<sockaddr_in>.size, unsafe name.loadUnaligned(as: sa_family_t.self) == AF_INET {
      let address = unsafe name.loadUnaligned(as: sockaddr_in.self)
      return SocketAddress(address.sin_addr, port: UInt16(bigEndian: address.sin_port))
    }
    return unsafe SocketAddress(kernelForm: name) ?? .unnamedUnix
  }

  /// What the kernel says besides; nil if nothing.
  package var control: Control? {
    let length = min(header.control_length, UInt32(ASYNCIO_DATAGRAM_CONTROL_ROOM))
    guard length > 0 else { return nil }
    var control = asyncio_datagram_control()
    unsafe asyncio_read_control(
      UnsafeMutableRawPointer(mutating: bytes.baseAddress.map { unsafe $0 + Self.controlOffset }), length, &control)
    return Control(
      destination: SocketAddress(control.destination), interface: control.interface, segment: Int(control.segment),
      dropped: control.dropped)
  }

  package struct Control {
    /// Where the datagram was sent to, without the port; nil unless it was asked for.
    package var destination: SocketAddress?
    /// The index of the interface that it arrived at.
    package var interface: UInt32
    /// The length of each of the datagrams that arrived as one (the last may be shorter); 0 if it is a single one.
    package var segment: Int
    /// How many the socket has dropped so far, modulo 2³².
    package var dropped: UInt32

    package init(destination: SocketAddress?, interface: UInt32, segment: Int = 0, dropped: UInt32) {
      self.destination = destination
      self.interface = interface
      self.segment = segment
      self.dropped = dropped
    }
  }

  /// Writes a frame as a kernel would, into memory of `longest` bytes; what doesn't fit is cut off. Returns its length.
  package static func write(
    _ payload: [UInt8], from peer: SocketAddress, _ control: Control?, into memory: UnsafeMutableRawBufferPointer
  ) -> Int {
    precondition(memory.count >= longest, "a frame has room for everything")
    let isTruncated = payload.count > longestPayload
    let count = min(payload.count, longestPayload)
    let (name, nameLength) = peer.storage
    var header = asyncio_datagram_header(
      name_length: nameLength, control_length: 0, payload_length: UInt32(count),
      flags: isTruncated ? UInt32(MSG_TRUNC) : 0)
    unsafe memory.storeBytes(of: name, toByteOffset: nameOffset, as: sockaddr_storage.self)
    if let control {
      var content = asyncio_datagram_control()
      if let destination = control.destination { content.destination = destination.storage.storage }
      content.interface = control.interface
      content.dropped = control.dropped
      header.control_length = unsafe asyncio_write_control(
        memory.baseAddress.map { unsafe $0 + controlOffset }, &content)
    }
    unsafe memory.storeBytes(of: header, as: asyncio_datagram_header.self)
    unsafe UnsafeMutableRawBufferPointer(rebasing: memory[payloadOffset...]).copyBytes(from: payload[..<count])
    return payloadOffset + count
  }
}
