// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What a `CapacityLimiter` knows, as a value: how many tokens there are, who has one, and who waits for one. Tokens that
/// come free go to the first in line; there can be several at once, where the total is raised. While a task waits none is
/// free, so no task overtakes.
struct CapacityState<Waiter: LineWaiter, Borrower: Hashable & Sendable>: Sendable {
  typealias Line = AsyncIOCore.Line<Waiter, Borrower, Void>

  enum Standing: Sendable {
    case waits, holds
  }

  struct Place: Sendable {
    let token: Line.Token
    let borrower: Borrower
  }

  /// May be less than what is borrowed: then no task gets a token.
  private(set) var total: Int
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

  /// Joins the line, in the section that found no token.
  mutating func join(_ waiter: Waiter, for borrower: Borrower) -> Place {
    standings[borrower] = .waits
    return Place(token: line.join(waiter, borrower), borrower: borrower)
  }

  /// Takes the borrower's token back.
  mutating func release(by borrower: Borrower, _ served: inout Few<Waiter.Claim>) {
    standings[borrower] = nil
    borrowed -= 1
    serve(&served)
  }

  mutating func setTotal(_ total: Int, _ served: inout Few<Waiter.Claim>) {
    self.total = total
    serve(&served)
  }

  /// A token, if the task that leaves was granted one.
  mutating func leave(_ place: Place) -> Void? {
    if line.leave(place.token) != nil { return () }
    standings[place.borrower] = nil
    return nil
  }

  /// Lends what is free to those who are first in line.
  private mutating func serve(_ served: inout Few<Waiter.Claim>) {
    while borrowed < total, let next = line.serveFirst(()) {
      lend(to: next.request)
      served.add(next.claim)
    }
  }

  private mutating func lend(to borrower: Borrower) {
    standings[borrower] = .holds
    borrowed += 1
  }
}
