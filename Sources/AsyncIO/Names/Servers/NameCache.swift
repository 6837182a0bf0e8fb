// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Answers until they expire, up to a capacity. When full it drops the quarter that would expire first: so finding them
/// costs little per answer.
struct NameCache<Key: Hashable, Value> {
  private struct Entry {
    let value: Value
    let end: Int64
  }

  let capacity: Int
  private var entries: [Key: Entry] = [:]

  init(capacity: Int) { self.capacity = max(0, capacity) }

  var count: Int { entries.count }

  /// The answer; nil if there isn't one or it has expired.
  func value(for key: Key, now: Int64) -> Value? {
    guard let entry = entries[key], entry.end > now else { return nil }
    return entry.value
  }

  /// - Parameter end: The time of expiry, by the clock of `now`.
  mutating func insert(_ value: Value, for key: Key, until end: Int64, now: Int64) {
    guard end > now, capacity > 0 else {
      entries[key] = nil
      return
    }
    if entries.count >= capacity && entries[key] == nil { makeRoom(now: now) }
    entries[key] = Entry(value: value, end: end)
  }

  mutating func removeAll() { entries.removeAll() }

  private mutating func makeRoom(now: Int64) {
    entries = entries.filter { $0.value.end > now }
    let room = max(1, capacity / 4)
    guard entries.count > capacity - room else { return }
    let first = entries.sorted { $0.value.end < $1.value.end }.prefix(entries.count - (capacity - room))
    for (key, _) in first { entries[key] = nil }
  }
}

/// The key of a cached answer: the question.
enum NameKey: Hashable, Sendable {
  /// The host in its canonical form.
  case addresses(host: String, SocketAddress.Family?)
  /// An address with port 0.
  case name(of: SocketAddress)
}

/// The result of a look-up.
enum NameAnswer: Hashable, Sendable {
  /// Addresses with port 0.
  case addresses([SocketAddress])
  case names([String])
  case failure(NameError.Reason)

  var addresses: [SocketAddress] { if case .addresses(let addresses) = self { addresses } else { [] } }
  var names: [String] { if case .names(let names) = self { names } else { [] } }
}
