// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Many datagrams to send or received at once, in memory that is used again.
///
/// A socket fills it with everything that waits, and sends all of it with as few system calls as it takes: what goes to
/// one peer in pieces of one length may even leave as a whole, for the kernel to cut (UDP_SEGMENT). Each datagram keeps
/// its peer, so a batch that was received can be sent back as it is.
///
/// ```swift
/// let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 7)
/// var batch = DatagramBatch()
/// while true {
///   try await socket.receive(into: &batch)
///   try await socket.send(&batch)
/// }
/// ```
public struct DatagramBatch: RandomAccessCollection, Sendable {
  /// One datagram of a batch.
  public struct Element: Sendable {
    /// Its bytes, where they lie in the batch.
    public let bytes: ArraySlice<UInt8>
    /// Where it comes from or goes to; nil for the peer of a connected socket.
    public let peer: SocketAddress?
    /// See `Datagram.Envelope.isTruncated`.
    public let isTruncated: Bool
    /// See `Datagram.Envelope.destination`.
    public let destination: SocketAddress?
  }

  var store = DatagramStore()

  public init() {}

  public var startIndex: Int { 0 }
  public var endIndex: Int { store.count }

  public subscript(index: Int) -> Element {
    require(index >= 0 && index < store.count, "DatagramBatch: there is no datagram \(index) of \(store.count)")
    let entry = store[index]
    return Element(
      bytes: store.bytes(of: entry), peer: entry.peer, isTruncated: entry.isTruncated, destination: entry.destination)
  }

  /// Adds a datagram.
  ///
  /// - Parameter peer: Where it is to go; nil for the peer of a connected socket.
  public mutating func append(_ bytes: some Collection<UInt8>, to peer: SocketAddress? = nil) {
    store.append(bytes, peer: peer)
  }

  /// Removes all datagrams, and keeps the memory unless it is much.
  public mutating func removeAll() { store.removeAll() }
}
