// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Many datagrams, to send or received at once, in reused memory.
///
/// Receiving fills a batch with every datagram that waits. Sending takes as few system calls as possible: datagrams of
/// one length to one peer may even leave in one call, for the kernel to cut (UDP_SEGMENT). Each datagram keeps its
/// peer, so a received batch can be sent back as it is.
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
    /// Its bytes, in place in the batch.
    public let bytes: ArraySlice<UInt8>
    /// Its sender or destination; nil for the peer of a connected socket.
    public let peer: SocketAddress?
    /// See `Datagram.Envelope.isTruncated`.
    public let isTruncated: Bool
    /// See `Datagram.Envelope.destination`.
    public let destination: SocketAddress?
  }

  var store = DatagramStore()

  /// Makes an empty batch.
  public init() {}

  /// The index of the first datagram, 0.
  public var startIndex: Int { 0 }
  /// The number of datagrams.
  public var endIndex: Int { store.count }

  /// The datagram at an index; traps if the index is out of range.
  public subscript(index: Int) -> Element {
    require(index >= 0 && index < store.count, "DatagramBatch: there is no datagram \(index) of \(store.count)")
    let entry = store[index]
    return Element(
      bytes: store.bytes(of: entry), peer: entry.peer, isTruncated: entry.isTruncated, destination: entry.destination)
  }

  /// Adds a datagram.
  ///
  /// - Parameter peer: The destination; nil for the peer of a connected socket.
  public mutating func append(_ bytes: some Collection<UInt8>, to peer: SocketAddress? = nil) {
    store.append(bytes, peer: peer)
  }

  /// Removes all datagrams. Keeps the memory for later datagrams, unless it is large.
  public mutating func removeAll() { store.removeAll() }
}
