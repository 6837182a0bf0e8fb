// SPDX-License-Identifier: Apache-2.0

/// Answers until their time is over, and no more of them than so many. What is full forgets what would be over first: a
/// quarter at a time, so that looking for it costs little for each answer.
struct NameCache<Key: Hashable, Value> {
  private struct Entry {
    let value: Value
    let end: Int64
  }

  let capacity: Int
  private var entries: [Key: Entry] = [:]

  init(capacity: Int) { self.capacity = max(0, capacity) }

  var count: Int { entries.count }

  /// The answer, if there is one whose time isn't over.
  func value(for key: Key, now: Int64) -> Value? {
    guard let entry = entries[key], entry.end > now else { return nil }
    return entry.value
  }

  /// - Parameter end: Until when it holds, in the clock of `now`.
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
