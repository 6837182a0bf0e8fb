// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A datagram that was received: its bytes, and where it comes from.
public struct Datagram: Hashable, Sendable {
  /// What is known of a datagram besides its bytes.
  public struct Envelope: Hashable, Sendable {
    /// Who sent it. A Unix socket that was bound to no name is an unnamed one, which can't be answered.
    public var peer: SocketAddress
    /// The address that it was sent to, with the receiving socket's port: a group's, or one of this host's. Nil unless
    /// the socket was opened with `DatagramOptions.receivesDestination`.
    public var destination: SocketAddress?
    /// The interface that it arrived at. Nil as `destination` is.
    public var interface: NetworkInterface?
    /// Whether it was longer than the memory that it was received into; the rest of it is lost.
    public var isTruncated: Bool

    public init(
      peer: SocketAddress, destination: SocketAddress? = nil, interface: NetworkInterface? = nil,
      isTruncated: Bool = false
    ) {
      self.peer = peer
      self.destination = destination
      self.interface = interface
      self.isTruncated = isTruncated
    }
  }

  public var bytes: [UInt8]
  public var envelope: Envelope

  public init(_ bytes: [UInt8], _ envelope: Envelope) {
    self.bytes = bytes
    self.envelope = envelope
  }

  /// Who sent it.
  public var peer: SocketAddress { envelope.peer }

  /// Whether a part of it is lost; see `Envelope.isTruncated`.
  public var isTruncated: Bool { envelope.isTruncated }
}

extension Datagram.Envelope {
  init(_ entry: DatagramEntry) {
    self.init(
      peer: entry.peer ?? .unnamedUnix, destination: entry.destination,
      interface: entry.interface == 0 ? nil : NetworkInterface(index: entry.interface), isTruncated: entry.isTruncated)
  }
}
