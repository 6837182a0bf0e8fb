// SPDX-License-Identifier: Apache-2.0

/// Items of which the youngest comes out first.
@usableFromInline struct Stack<Element: Sendable>: ItemStorage {
  @usableFromInline var items: [Element] = []

  @inlinable init() {}

  @inlinable var count: Int { items.count }

  @inlinable mutating func insert(_ item: Element) { items.append(item) }

  @inlinable mutating func removeNext() -> Element? { items.popLast() }
}
