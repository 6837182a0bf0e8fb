// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One run of the scenarios in each language, made on first use.
struct Runs: Sendable {
  let pythonVersion: String
  let comparisons: [Comparison]
  /// Failures of whole programs.
  let complaints: [String]

  static func made() throws -> Runs { try result.get() }

  private static let result = Result { try Runs() }

  private init() throws {
    let python = try Python.newest()
    pythonVersion = python.version
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("python/run.py")
    let theirs = try TestProgram(python.executable.path, ["-B", script.path], errors: .collected).finish()
    let ours = try TestProgram.ours("differential-scenarios", errors: .collected).finish()

    let (pythons, swifts) = (Transcript(theirs.output), Transcript(ours.output))
    let onlyInSwift = swifts.names.filter { pythons.entries[$0] == nil }
    comparisons = (pythons.names + onlyInSwift).map { name in
      Comparison(name: name, python: pythons.entries[name], swift: swifts.entries[name])
    }
    complaints = [("Python", theirs, pythons), ("Swift", ours, swifts)].flatMap { language, program, transcript in
      [
        program.failure.map { "\(language) \($0) in \(transcript.names.last ?? "no scenario")" },
        program.errors.isEmpty ? nil : "\(language) wrote on standard error:\n\(program.errors)",
      ].compactMap(\.self)
    }
  }
}

/// The logs of one scenario in each language; nil for a missing one.
struct Comparison: Sendable, CustomTestStringConvertible {
  let name: String
  let python: Transcript.Entry?
  let swift: Transcript.Entry?

  var testDescription: String { name }

  /// Both logs, line beside line, with a mark where they differ.
  var sideBySide: String {
    let left = ["Python"] + (python?.log ?? [])
    let right = ["Swift"] + (swift?.log ?? [])
    let width = left.map(\.count).max() ?? 0
    return (0..<max(left.count, right.count)).map { row in
      let (theirs, ours) = (row < left.count ? left[row] : nil, row < right.count ? right[row] : nil)
      let mark = row == 0 || theirs == ours ? " " : ">"
      let padding = String(repeating: " ", count: width - (theirs?.count ?? 0))
      return "\(mark) \(theirs ?? "")\(padding)  | \(ours ?? "")"
    }.joined(separator: "\n")
  }
}
