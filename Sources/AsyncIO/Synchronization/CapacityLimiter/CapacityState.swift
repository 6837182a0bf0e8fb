// SPDX-License-Identifier: Apache-2.0

/// What a `CapacityLimiter` knows, as a value: how many tokens there are, who has one, and who waits for one. Tokens that
/// come free go to the first in line; there can be several at once, where the total is raised, and until each of them
/// has found its task nobody overtakes.
struct CapacityState<Waiter: Sendable, Borrower: Hashable & Sendable>: Sendable {
  typealias Line = WaitQueue<Waiter, Borrower, Borrower>

  enum Standing: Sendable {
    case waits, holds
  }

  struct Place: Sendable {
    let token: Line.Token
    let borrower: Borrower
  }

  /// May be less than what is borrowed: nobody gets a token then. After raising it see who is `next`.
  var total: Int
  private(set) var borrowed = 0
  private(set) var line = Line()
  private var standings: [Borrower: Standing] = [:]

  init(total: Int) { self.total = total }

  var available: Int { max(0, total - borrowed) }

  var borrowers: [Borrower] { standings.compactMap { $0.value == .holds ? $0.key : nil } }

  /// Whether the borrower has a token or waits for one; nil if neither.
  func standing(of borrower: Borrower) -> Standing? { standings[borrower] }

  mutating func tryAcquire(for borrower: Borrower) -> Bool {
    guard borrowed < total, line.isEmpty else { return false }
    lend(to: borrower)
    return true
  }

  /// For one who found no token. There may be one by now.
  mutating func join(_ waiter: Waiter, for borrower: Borrower) -> (place: Place, next: Line.Granted?) {
    let place = Place(token: line.join(waiter, borrower), borrower: borrower)
    standings[borrower] = .waits
    return (place, next())
  }

  /// Takes the borrower's token back, and returns who gets it.
  mutating func release(by borrower: Borrower) -> Line.Granted? {
    standings[borrower] = nil
    borrowed -= 1
    return next()
  }

  /// Who gets a token that is free; nil if there is none, or nobody waits.
  mutating func next() -> Line.Granted? {
    guard borrowed < total, let borrower = line.first else { return nil }
    lend(to: borrower)
    return line.grantFirst(borrower)
  }

  /// The task that the token went to had left: returns who gets it instead.
  mutating func passOver(_ granted: Line.Granted) -> Line.Granted? {
    standings[line.takeBack(granted.token)] = .waits
    borrowed -= 1
    return next()
  }

  /// Whether the task that leaves has a token.
  mutating func leave(_ place: Place) -> Bool {
    if line.leave(place.token) != nil { return true }
    standings[place.borrower] = nil
    return false
  }

  private mutating func lend(to borrower: Borrower) {
    standings[borrower] = .holds
    borrowed += 1
  }
}
