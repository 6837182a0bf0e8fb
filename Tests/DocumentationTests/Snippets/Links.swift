// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The links of a page to other files of the package, or to its own headings.
struct Links {
  private let file: String
  private let text: String

  init(file: String, text: String) {
    self.file = file
    self.text = text
  }

  /// The broken links. `read` gives the text of a file of the package, empty for a folder, or nil if it doesn't exist.
  func broken(read: (String) -> String?) -> [Diagnostic] {
    // A link may contain line breaks.
    text.matches(of: /\[[^\]]*\]\(([^)\s]+)\)/).compactMap { match in
      let target = String(match.1)
      if target.contains(":") || leads(target, read) { return nil }
      let line = text[..<match.1.startIndex].count { $0 == "\n" } + 1
      return Diagnostic(file: file, line: line, message: "the link leads nowhere: \(target)")
    }
  }

  private func leads(_ target: String, _ read: (String) -> String?) -> Bool {
    let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let page = parts[0].isEmpty ? text : read(path(of: parts[0]))
    guard let page else { return false }
    return parts.count == 1 || Self.anchors(of: page).contains(parts[1])
  }

  /// The path within the package.
  private func path(of link: String) -> String {
    var path = file.split(separator: "/").dropLast()
    for part in link.split(separator: "/") {
      if part == ".." { path = path.dropLast() } else if part != "." { path.append(part) }
    }
    return path.joined(separator: "/")
  }

  /// GitHub's anchors for the headings.
  static func anchors(of page: String) -> Set<String> {
    Set(
      page.split(separator: "\n").filter { $0.hasPrefix("#") }.map { heading in
        heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
          .filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.replacing(" ", with: "-")
      })
  }
}
