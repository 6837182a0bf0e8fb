// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program to run to its end.
struct Program: Sendable {
  let executable: URL
  let arguments: [String]

  struct Result: Sendable {
    /// Standard output and standard error together.
    let output: String
    let succeeded: Bool
  }

  /// Runs the program, on a thread of its own: the tests' pool has few.
  func run() async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Swift.Result { try runBlocking() }) }
    }
  }

  private func runBlocking() throws -> Result {
    let process = Process()
    let output = Pipe()
    process.executableURL = executable
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(
      output: String(decoding: bytes, as: UTF8.self),
      succeeded: process.terminationReason == .exit && process.terminationStatus == 0)
  }
}
