// SPDX-License-Identifier: Apache-2.0

/// Items of which the oldest comes out first, in a ring buffer that doubles when it is full.
@usableFromInline struct Ring<Element: Sendable>: Sendable {
  /// Empty, or a power of two in size.
  @usableFromInline var slots: [Element?] = []
  @usableFromInline var head = 0
  @usableFromInline var count = 0

  @inlinable init() {}

  /// The item that has `offset` items before it.
  @inlinable subscript(offset: Int) -> Element {
    get {
      guard offset < count, let item = slots[slot(offset)] else { preconditionFailure("there is no item \(offset)") }
      return item
    }
    set {
      precondition(offset < count, "there is no item \(offset)")
      slots[slot(offset)] = newValue
    }
  }

  @inlinable mutating func insert(_ item: Element) {
    if count == slots.count { grow() }
    slots[slot(count)] = item
    count += 1
  }

  @inlinable mutating func removeNext() -> Element? {
    guard count > 0 else { return nil }
    let item = slots[head].take()
    head = slot(1)
    count -= 1
    return item
  }

  @inlinable func slot(_ offset: Int) -> Int { (head + offset) & (slots.count - 1) }

  @inlinable mutating func grow() {
    var larger: [Element?] = []
    larger.reserveCapacity(max(4, 2 * slots.count))
    for offset in 0..<count { larger.append(slots[slot(offset)]) }
    while larger.count < max(4, 2 * slots.count) { larger.append(nil) }
    slots = larger
    head = 0
  }
}
