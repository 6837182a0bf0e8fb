// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The state of a `CapacityLimiter`, as a value: the number of tokens, their holders, and the line of waiters. Tokens
/// that come free go to the first in line; raising the total can free several at once. While a task waits no token is
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

  /// May be less than the number of borrowed tokens: then no task gets one.
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

  /// Joins the line. Called in the section that found no token.
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

  /// Leaves the line. Returns a token if the leaving task was granted one.
  mutating func leave(_ place: Place) -> Void? {
    if line.leave(place.token) != nil { return () }
    standings[place.borrower] = nil
    return nil
  }

  /// Lends free tokens to the first in line.
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

/// The holder of a token: a task, or a value that stands for the work.
enum Borrower: Hashable, Sendable, CustomStringConvertible {
  case task(TaskIdentity)
  case value(AnyBorrower)

  init(_ value: some Hashable & Sendable) { self = .value(AnyBorrower(value)) }

  /// The current task; nil outside of tasks.
  static var current: Borrower? { TaskIdentity.current.map { .task($0) } }

  var description: String {
    switch self {
    case .task(let task): task.description
    case .value(let value): value.description
    }
  }
}

struct AnyBorrower: Hashable, @unchecked Sendable, CustomStringConvertible {
  // Sendable: made from Sendable values, and never changed.
  private let value: AnyHashable

  init(_ value: some Hashable & Sendable) { self.value = AnyHashable(value) }

  var description: String { "\(value)" }
}
