// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program that was run to its end, and its output.
struct Program {
  let output: String
  let errors: String
  /// How it failed, in words; nil for status 0.
  let failure: String?

  init(_ executable: URL, _ arguments: [String] = []) throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = executable
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    // A file: one thread cannot read two pipes without one of them filling up.
    let errors = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    self.errors = try String(contentsOf: errors, encoding: .utf8)
    switch (process.terminationReason, process.terminationStatus) {
    case (.exit, 0): failure = nil
    case (.exit, let status): failure = "exited with status \(status)"
    case (_, let signal): failure = "was ended by signal \(signal)"
    }
  }
}
