// SPDX-License-Identifier: Apache-2.0

/// Scenarios about one subject, in the order of their definition; `python/<area>.py` has their counterparts.
@MainActor final class Area {
  let name: String
  private(set) var scenarios: [Scenario] = []

  init(_ name: String, _ define: @MainActor (Area) -> Void) {
    self.name = name
    define(self)
  }

  /// Adds a scenario whose log equals that of its namesake in Python.
  func scenario(_ name: String, _ body: @escaping Scenario.Body) {
    scenarios.append(Scenario(name: "\(self.name).\(name)", difference: nil, body: body))
  }

  /// Adds a scenario whose log differs on purpose.
  func scenario(_ name: String, differs why: String, expects log: [String], _ body: @escaping Scenario.Body) {
    scenarios.append(
      Scenario(name: "\(self.name).\(name)", difference: Scenario.Difference(why: why, log: log), body: body))
  }
}

/// Steps, in order, on a loop of its own.
struct Scenario {
  typealias Body = @MainActor (Log) async throws -> Void

  let name: String
  let difference: Difference?
  let body: Body

  /// Why the log differs from Python's, and the expected log.
  struct Difference {
    let why: String
    let log: [String]
  }
}
