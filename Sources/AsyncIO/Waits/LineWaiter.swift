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
    while head != Self.none, case .waiting(let waiter, let request) = places[Int(head)].state {
      let index = head
      unlink(index)
      guard let claim = waiter.claim() else {
        places[Int(index)].state = .passedOver
        continue
      }
      places[Int(index)].state = .granted(grant)
      return (claim, request)
    }
    return nil
  }
}
