// SPDX-License-Identifier: Apache-2.0

import TestSupport

extension TestProgram {
  /// The program with the scenarios of these tests.
  static var scenarios: String { path(ofOurs: "run-scenarios") }

  /// A run of a scenario.
  convenience init(scenario: String, environment: [String: String] = [:]) throws {
    try self.init(Self.scenarios, [scenario], environment: environment, errors: .collected)
  }
}
