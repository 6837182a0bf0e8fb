// SPDX-License-Identifier: Apache-2.0

/// The Markdown in the `///` comments of a Swift file.
enum DocComments {
  /// The lines of the comments without their markers, with their numbers. An empty line separates comments, so that a
  /// construct of one doesn't reach into the next.
  static func lines(in source: String) -> [(number: Int, text: String)] {
    var lines: [(number: Int, text: String)] = []
    for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let code = line.drop { $0 == " " }
      if code.hasPrefix("///") {
        let text = code.dropFirst(3)
        lines.append((index + 1, String(text.first == " " ? text.dropFirst() : text)))
      } else if lines.last?.text != "" {
        lines.append((index + 1, ""))
      }
    }
    return lines
  }
}
