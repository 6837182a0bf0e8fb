// SPDX-License-Identifier: Apache-2.0

/// Scenarios about one thing, in the order of their definition; `python/<area>.py` has the same ones.
@MainActor final class Area {
  let name: String
  private(set) var scenarios: [Scenario] = []

  init(_ name: String, _ define: @MainActor (Area) -> Void) {
    self.name = name
    define(self)
  }

  /// A scenario that logs what its namesake in Python logs.
  func scenario(_ name: String, _ body: @escaping Scenario.Body) {
    scenarios.append(Scenario(name: "\(self.name).\(name)", difference: nil, body: body))
  }

  /// A scenario that logs something else on purpose.
  func scenario(_ name: String, differs why: String, expects log: [String], _ body: @escaping Scenario.Body) {
    scenarios.append(
      Scenario(name: "\(self.name).\(name)", difference: Scenario.Difference(why: why, log: log), body: body))
  }
}

/// What happens, in order, on a loop of its own.
struct Scenario {
  typealias Body = @MainActor (Log) async throws -> Void

  let name: String
  let difference: Difference?
  let body: Body

  /// Why the log is not Python's, and what it is.
  struct Difference {
    let why: String
    let log: [String]
  }
}
