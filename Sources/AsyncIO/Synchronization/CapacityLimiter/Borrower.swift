// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

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
