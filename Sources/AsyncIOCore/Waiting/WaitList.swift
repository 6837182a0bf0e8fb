// SPDX-License-Identifier: Apache-2.0
// The waiters of one event, in the order of their arrival. Most lists have one waiter, or none. Some have twenty
// thousand, which are all cancelled at once: searching an array for each of them would be quadratic.
//
// So tokens ascend along the array, a binary search finds a token, and a waiter that leaves from the middle leaves a
// gap. The gaps are closed when they are the larger part. So leaving takes logarithmic time, and the list takes at most
// twice the memory of its waiters.

/// A list that a waiter may leave at any place.
package struct WaitList<Element> {
  package typealias Token = Int

  fileprivate struct Place {
    let token: Token
    var element: Element?
  }

  private var places: [Place] = []
  private var lastToken = 0
  /// Places before it are empty.
  private var head: UInt32 = 0
  private var occupied: UInt32 = 0

  package init() {}

  package var isEmpty: Bool { occupied == 0 }

  package var count: Int { Int(occupied) }

  /// Adds a waiter at the end.
  ///
  /// - Returns: A token for `leave`.
  @discardableResult
  package mutating func join(_ element: Element) -> Token {
    lastToken += 1
    places.append(Place(token: lastToken, element: element))
    occupied += 1
    return lastToken
  }

  /// Removes a waiter from any place. Nil if it has left or was served before.
  @discardableResult
  package mutating func leave(_ token: Token) -> Element? {
    guard let index = index(of: token), let element = places[index].element.take() else { return nil }
    occupied -= 1
    closeGaps()
    return element
  }

  /// Removes and returns the first waiter.
  package mutating func popFirst() -> Element? {
    while head < places.count {
      let index = Int(head)
      head += 1
      guard let element = places[index].element.take() else { continue }
      occupied -= 1
      closeGaps()
      return element
    }
    return nil
  }

  /// Removes and returns all waiters, in order.
  package mutating func takeAll() -> [Element] {
    if occupied == 0 { return [] }
    // Not `\.element`: where this is not specialized, each call would make the key path anew, which takes a
    // microsecond.
    var all: [Element] = []
    all.reserveCapacity(count)
    for place in places { if let element = place.element { all.append(element) } }
    places.removeAll(keepingCapacity: places.count < 16)
    (head, occupied) = (0, 0)
    return all
  }

  private func index(of token: Token) -> Int? {
    var range = Int(head)..<places.count
    while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
      if places[middle].token == token { return middle }
      range = places[middle].token < token ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  private mutating func closeGaps() {
    if occupied == 0 {
      places.removeAll(keepingCapacity: places.count < 16)
      head = 0
    } else if places.count > 16 && occupied < places.count / 2 {
      places.removeAll { $0.element == nil }
      head = 0
    }
  }
}

extension WaitList: Sendable where Element: Sendable {}
extension WaitList.Place: Sendable where Element: Sendable {}
