// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a compiler says of a snippet.
struct Diagnostic: Equatable, CustomStringConvertible {
  let file: String
  let line: Int
  let message: String

  var description: String { "\(file):\(line): \(message)" }

  /// The errors in what a compiler has printed, and the warnings that tell of an interface that has changed: of an
  /// `await` without need, a deprecated name. That a constant is not used is in the nature of snippets.
  static func all(in output: String) -> [Diagnostic] {
    output.split(separator: "\n").compactMap { line in
      guard let match = line.wholeMatch(of: /(.+?):(\d+)(?::\d+)?: ((?:error|warning): .+)/) else {
        // Without a place it is of the whole call, such as a module that is missing.
        return line.contains("error: ") ? Diagnostic(file: "swiftc", line: 1, message: String(line)) : nil
      }
      let message = String(match.3)
      if message.hasPrefix("warning: "), ofUnfinishedCode.contains(where: message.contains) { return nil }
      return Diagnostic(file: String(match.1), line: Int(match.2) ?? 1, message: message)
    }
  }

  private static let ofUnfinishedCode = ["[#no-usage]", "was never mutated", "will never be executed"]

  /// Fails the test, at that place.
  func record() {
    let path = Document.package.appendingPathComponent(file).path
    let place = SourceLocation(fileID: "Documentation/\(file)", filePath: path, line: max(1, line), column: 1)
    Issue.record("\(self)", sourceLocation: place)
  }
}
