// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A received datagram: its bytes, and its sender.
public struct Datagram: Hashable, Sendable {
  /// The facts about a datagram besides its bytes.
  public struct Envelope: Hashable, Sendable {
    /// The sender. A Unix socket that wasn't bound has an unnamed address, which can't be answered.
    public var peer: SocketAddress
    /// The address that the datagram was sent to, with the receiving socket's port: a group's, or one of this host's.
    /// Nil unless the socket was opened with `DatagramOptions.receivesDestination`.
    public var destination: SocketAddress?
    /// The interface that the datagram arrived at. Nil when `destination` is.
    public var interface: NetworkInterface?
    /// Whether the datagram was longer than the memory that received it; the rest is lost.
    public var isTruncated: Bool

    /// Makes an envelope, for tests and for datagrams from elsewhere.
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

  /// The datagram's bytes.
  public var bytes: [UInt8]
  /// The facts about it besides its bytes.
  public var envelope: Envelope

  /// Makes a datagram.
  public init(_ bytes: [UInt8], _ envelope: Envelope) {
    self.bytes = bytes
    self.envelope = envelope
  }

  /// The sender.
  public var peer: SocketAddress { envelope.peer }

  /// Whether a part is lost; see `Envelope.isTruncated`.
  public var isTruncated: Bool { envelope.isTruncated }
}

extension Datagram.Envelope {
  init(_ entry: DatagramEntry) {
    self.init(
      peer: entry.peer ?? .unnamedUnix, destination: entry.destination,
      interface: entry.interface == 0 ? nil : NetworkInterface(index: entry.interface), isTruncated: entry.isTruncated)
  }
}
