// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A compiler's message about a snippet.
struct Diagnostic: Equatable, CustomStringConvertible {
  let file: String
  let line: Int
  let message: String

  var description: String { "\(file):\(line): \(message)" }

  /// The errors in a compiler's output, and the warnings that tell of a changed interface: an unneeded `await`, a
  /// deprecated name. Snippets naturally have unused constants.
  static func all(in output: String) -> [Diagnostic] {
    output.split(separator: "\n").compactMap { line in
      guard let match = line.wholeMatch(of: /(.+?):(\d+)(?::\d+)?: ((?:error|warning): .+)/) else {
        // A message without a place is about the whole call, such as a missing module.
        return line.contains("error: ") ? Diagnostic(file: "swiftc", line: 1, message: String(line)) : nil
      }
      let message = String(match.3)
      if message.hasPrefix("warning: "), ofUnfinishedCode.contains(where: message.contains) { return nil }
      return Diagnostic(file: String(match.1), line: Int(match.2) ?? 1, message: message)
    }
  }

  private static let ofUnfinishedCode = ["[#no-usage]", "was never mutated", "will never be executed"]

  /// Fails the test, at the snippet's place.
  func record() {
    let path = Document.package.appendingPathComponent(file).path
    let place = SourceLocation(fileID: "Documentation/\(file)", filePath: path, line: max(1, line), column: 1)
    Issue.record("\(self)", sourceLocation: place)
  }
}
