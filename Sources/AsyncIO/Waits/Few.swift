// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A list of which the first element needs no memory of its own: there is seldom another.
@usableFromInline struct Few<Element: Sendable>: Sendable {
  @usableFromInline var first: Element?
  @usableFromInline var others: [Element] = []

  @inlinable init() {}

  @inlinable mutating func add(_ element: Element) {
    if first == nil { first = element } else { others.append(element) }
  }

  @inlinable func forEach(_ body: (Element) -> Void) {
    if let first { body(first) }
    others.forEach(body)
  }
}

extension Few<LineWait.Claim> {
  @inlinable func resume() { forEach { $0.resume() } }
}
