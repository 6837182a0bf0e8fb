// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Who stands in a line, in the eyes of a state that grants things behind its mutex.
@usableFromInline protocol LineWaiter: Sendable {
  associatedtype Claim: Sendable

  /// The right to end the wait, after the mutex was let go; nil if the task was cancelled before it was granted anything,
  /// as far as the calling thread can tell.
  func claim() -> Claim?
}

extension LineWait: LineWaiter {}

extension WaitQueue where Waiter: LineWaiter {
  /// Grants something to the first in line who isn't gone, and passes over those who are. Returns the right to end the
  /// wait, and what was wanted; nil if nobody waits.
  @inlinable mutating func serveFirst(_ grant: Grant) -> (claim: Waiter.Claim, request: Request)? {
    while let request = first, let granted = grantFirst(grant) {
      if let claim = granted.waiter.claim() { return (claim, request) }
      _ = takeBack(granted.token)
    }
    return nil
  }
}

/// A list of which the first element needs no memory of its own: there is seldom another.
@usableFromInline struct Few<Element: Sendable>: Sendable {
  @usableFromInline var first: Element?
  @usableFromInline var others: [Element] = []

  @inlinable init() {}

  @inlinable init(_ element: Element?) { first = element }

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
