// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A run of the command line tool.
struct Aio: Sendable {
  private let program: TestProgram
  private let input: String

  /// - Parameter output: Its standard output; nil collects it for the result.
  init(
    _ arguments: [String], input: String = "", environment: [String: String] = [:], standardOutput output: Int32? = nil
  ) throws {
    program = try TestProgram(
      TestProgram.path(ofOurs: "aio"), arguments, environment: environment, input: .pipe, output: output,
      errors: .collected)
    self.input = input
  }

  func interrupt() { program.interrupt() }

  /// Waits for the end, without blocking the loop or the thread of the test.
  func finish() async -> TestProgram.Result { await onThread { program.finish(sending: input) } }

  static func run(
    _ arguments: String..., input: String = "", environment: [String: String] = [:]
  ) async throws -> TestProgram.Result {
    try await Aio(arguments, input: input, environment: environment).finish()
  }
}
