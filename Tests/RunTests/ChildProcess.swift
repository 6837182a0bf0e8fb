// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A run of the scenario program.
final class ChildProcess: @unchecked Sendable {
  // Sendable: used by one test at a time.
  private let process = Process()
  private let output = Pipe()
  private let errors = Pipe()
  private var unread = Data()

  convenience init(scenario: String, environment: [String: String] = [:]) throws {
    try self.init(try Self.program(), [scenario], environment: environment)
  }

  /// A run of any program.
  init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = errors
    try process.run()
  }

  /// SwiftPM builds the package's executables beside the program that runs its tests.
  static func program() throws -> String {
    URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .deletingLastPathComponent().appendingPathComponent("run-scenarios").path
  }

  /// Waits for the next line of standard output; nil at its end.
  func readLine() -> String? {
    while true {
      if let end = unread.firstIndex(of: 0x0a) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread = Data(unread[(end + 1)...])
        return line
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      unread += more
    }
  }

  func interrupt() { send(SIGINT) }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Terminates it in any state.
  func end() { process.terminate() }

  /// Waits for the end: the remaining lines of standard output, standard error, and the status.
  func finish() -> (lines: [String], errors: String, status: Int32) {
    var lines: [String] = []
    while let line = readLine() { lines.append(line) }
    let errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (lines, errors, process.terminationStatus)
  }
}
