// SPDX-License-Identifier: Apache-2.0

/// An option of a socket, with its value: sizes in bytes, interfaces by index.
package enum SocketOption: Hashable, Sendable {
  /// Small writes leave at once (TCP_NODELAY).
  case noDelay
  /// `close` resets the connection instead of ending it (SO_LINGER of 0 seconds).
  case resetOnClose
  /// Any other with an integer value.
  case integer(Name, Int32)

  // Of datagrams.
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

  /// An option as setsockopt(2) names it.
  package struct Name: Hashable, Sendable {
    package let level: Int32
    package let number: Int32
    /// As the manual writes it: `TCP_NODELAY`.
    package let text: String

    package init(level: Int32, number: Int32, text: String) {
      self.level = level
      self.number = number
      self.text = text
    }
  }
}
