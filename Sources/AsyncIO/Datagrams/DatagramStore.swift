// SPDX-License-Identifier: Apache-2.0
// Datagrams in a row: their bytes one after the other in one array, and an entry for each. Taking from the front moves
// an index. The arrays are kept for later datagrams, so steady traffic allocates nothing. It holds both a socket's
// received datagrams and a batch: receiving a batch swaps the two.

import AsyncIOCore

struct DatagramStore: Sendable {
  /// The bytes that a datagram counts besides its own.
  static let overhead = 64
  /// Larger arrays are freed when they are empty.
  private static let kept = 128 * 1024

  private(set) var bytes: [UInt8] = []
  private(set) var entries: [DatagramEntry] = []
  private(set) var head = 0

  var count: Int { entries.count - head }
  var isEmpty: Bool { head == entries.count }

  /// The memory that the datagrams count for, in bytes.
  var weight: Int { isEmpty ? 0 : bytes.count - entries[head].offset + count * Self.overhead }

  subscript(index: Int) -> DatagramEntry { entries[head + index] }

  func byteCount(ofFirst count: Int) -> Int {
    let last = self[count - 1]
    return last.offset + last.length - self[0].offset
  }

  func bytes(of entry: DatagramEntry) -> ArraySlice<UInt8> { bytes[entry.offset..<entry.offset + entry.length] }

  mutating func append(
    _ payload: UnsafeRawBufferPointer, peer: SocketAddress?, destination: SocketAddress? = nil, interface: UInt32 = 0,
    isTruncated: Bool = false
  ) {
    entries.append(
      DatagramEntry(
        offset: bytes.count, length: payload.count, peer: peer, destination: destination, interface: interface,
        isTruncated: isTruncated))
    unsafe bytes.append(contentsOf: payload)
  }

  mutating func append(_ payload: some Collection<UInt8>, peer: SocketAddress?) {
    let offset = bytes.count
    bytes.append(contentsOf: payload)
    entries.append(DatagramEntry(offset: offset, length: bytes.count - offset, peer: peer))
  }

  /// Adds a datagram with the entry of another row.
  mutating func append(_ payload: ArraySlice<UInt8>, like entry: DatagramEntry) {
    var entry = entry
    entry.offset = bytes.count
    entries.append(entry)
    bytes.append(contentsOf: payload)
  }

  mutating func removeFirst(_ count: Int = 1) {
    head += count
    guard head < entries.count else { return removeAll() }
    let taken = entries[head].offset
    if head >= 256 && head * 2 >= entries.count || taken >= Self.kept && taken * 2 >= bytes.count { compact() }
  }

  mutating func removeAll() {
    head = 0
    entries.removeAll(keepingCapacity: entries.capacity * MemoryLayout<DatagramEntry>.stride <= Self.kept)
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.kept)
  }

  /// Moves the rest to the front. It is never longer than what was taken since the last move.
  private mutating func compact() {
    let start = entries[head].offset
    bytes.removeSubrange(..<start)
    entries.removeSubrange(..<head)
    head = 0
    for index in entries.indices { entries[index].offset -= start }
  }

  /// Lends the datagrams for the duration of the call.
  func withDatagrams<Result>(
    _ body: (UnsafeBufferPointer<DatagramEntry>, UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try unsafe entries.withUnsafeBufferPointer { entries in
      try unsafe bytes.withUnsafeBytes { bytes in
        try unsafe body(UnsafeBufferPointer(rebasing: entries[head...]), bytes)
      }
    }
  }
}
