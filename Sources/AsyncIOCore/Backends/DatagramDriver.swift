// SPDX-License-Identifier: Apache-2.0
// The part of the seam that is about datagrams. Receiving is an operation (`OperationKind.receiveDatagrams`), and so is
// waiting for room (`.poll`); what completes at once is here. Sending is a call and never an operation: a datagram
// leaves or doesn't, and its sender learns that then and there.

import Glibc

package protocol DatagramDriver: AnyObject {
  /// A socket of datagrams that has an address, or a peer, or both.
  func openDatagramSocket(
    at local: SocketAddress?, connectedTo peer: SocketAddress?, options: [DatagramOption]
  ) throws -> Int32

  /// Sends one datagram, to its peer if the socket is connected: its length, or a negative errno.
  func send(datagram bytes: UnsafeRawBufferPointer, to peer: SocketAddress?, from descriptor: Int32) -> Int

  /// Sends the first of several datagrams, as many as one call takes: their number, or the first one's negative errno.
  ///
  /// - Parameter segmenting: Whether the kernel may be handed a row of datagrams of one length to one peer as a whole.
  func send(
    datagrams: UnsafeBufferPointer<DatagramEntry>, of bytes: UnsafeRawBufferPointer, segmenting: Bool,
    from descriptor: Int32
  ) -> Int

  /// 0 or a negative errno.
  func set(_ option: DatagramOption, of descriptor: Int32, _ family: SocketAddress.Family) -> Int32
}

/// A socket option of datagrams; sizes in bytes, interfaces by index.
package enum DatagramOption: Hashable, Sendable {
  case receiveBuffer(Int)
  case sendBuffer(Int)
  case broadcast
  case reuseAddress
  case reusePort
  case timeToLive(Int)
  /// Receives come with the address that they were sent to.
  case destination
  /// Rows of datagrams may arrive as a whole, with their length (UDP_GRO).
  case coalescing
  case multicastTimeToLive(Int)
  case multicastLoopback(Bool)
  case multicastInterface(UInt32)
  case joinGroup(SocketAddress, interface: UInt32)
  case leaveGroup(SocketAddress, interface: UInt32)
}

/// One of several datagrams whose bytes lie in one place.
package struct DatagramEntry: Sendable {
  package var offset: Int
  package var length: Int
  /// Where it comes from or goes to.
  package var peer: SocketAddress?
  /// Where it was sent to, without the port.
  package var destination: SocketAddress?
  /// The index of the interface it arrived at; 0 if nobody asked.
  package var interface: UInt32
  package var isTruncated: Bool

  package init(
    offset: Int, length: Int, peer: SocketAddress?, destination: SocketAddress? = nil, interface: UInt32 = 0,
    isTruncated: Bool = false
  ) {
    self.offset = offset
    self.length = length
    self.peer = peer
    self.destination = destination
    self.interface = interface
    self.isTruncated = isTruncated
  }
}
