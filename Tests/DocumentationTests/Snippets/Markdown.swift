// SPDX-License-Identifier: Apache-2.0
// Two things in Markdown are our code. The first is a fenced block that names its language:
//
//     <!-- snippet: file -->
//     ```swift
//     let answer = 42
//     ```
//
// An invisible marker before it gives what the code can't say: `file` and `manifest` as in `Snippet.Kind`, or `left
// out: REASON` for a block that is not compiled. The second, in a table, is every `piece` between backticks in a column
// whose heading is a language, Swift or Python.

import Foundation

/// Finds the snippets of a text.
struct Markdown {
  private let file: String
  private(set) var snippets: [Snippet] = []

  private enum Marker {
    case kind(Snippet.Kind)
    case leftOut
  }

  /// The marker of the next block, and its line.
  private var marker: (Marker, line: Int)?
  private var block: (language: Snippet.Language?, indent: Int, start: Int, lines: [String])?
  /// The last line, if it is a row of a table.
  private var lastRow: [String]?
  /// The languages of the columns of the current table.
  private var columns: [Snippet.Language?]?

  /// - Parameter lines: The lines, with their numbers in the file.
  init(file: String, lines: [(number: Int, text: String)]) throws {
    self.file = file
    for (number, text) in lines { try read(text, number) }
    if let block { throw MarkdownError(file, block.start - 1, "the block has no end") }
    try expectNoMarker()
  }

  init(file: String, text: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    try self.init(file: file, lines: lines.enumerated().map { ($0.offset + 1, $0.element) })
  }

  private mutating func read(_ text: String, _ number: Int) throws {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    if block != nil {
      if trimmed == "```" { try endBlock() } else { block?.lines.append(text) }
    } else if trimmed.hasPrefix("```") {
      let language = Snippet.Language(rawValue: String(trimmed.dropFirst(3)))
      block = (language, text.prefix { $0 == " " }.count, number + 1, [])
    } else if trimmed.hasPrefix("<!-- snippet:") {
      try expectNoMarker()
      marker = (try self.marker(in: trimmed, number), number)
    } else {
      readProse(trimmed, number)
    }
  }

  // MARK: - Blocks

  private mutating func endBlock() throws {
    guard let ended = block.take() else { return }
    let marker = marker.take()
    guard let language = ended.language else {
      if let marker { throw MarkdownError(file, marker.line, "the marker is before a block that is no code of ours") }
      return
    }
    var kind: Snippet.Kind?
    switch marker?.0 {
    case .leftOut: return
    case .kind(let told): kind = told
    case nil: break
    }
    let indent = String(repeating: " ", count: ended.indent)
    let lines = ended.lines.map { $0.hasPrefix(indent) ? String($0.dropFirst(ended.indent)) : $0 }
    let code = lines.joined(separator: "\n")
    snippets.append(Snippet(file: file, line: ended.start, language: language, kind: kind, code: code))
  }

  private func marker(in comment: String, _ number: Int) throws -> Marker {
    let words = comment.dropFirst("<!-- snippet:".count).replacingOccurrences(of: "-->", with: "")
      .trimmingCharacters(in: .whitespaces)
    switch words {
    case "file": return .kind(.file)
    case "manifest": return .kind(.manifest)
    case _ where words.hasPrefix("left out: "): return .leftOut
    default: throw MarkdownError(file, number, "no such marker: \(words)")
    }
  }

  private func expectNoMarker() throws {
    if let marker { throw MarkdownError(file, marker.line, "the marker is before no block") }
  }

  // MARK: - Tables

  private mutating func readProse(_ text: String, _ number: Int) {
    guard text.hasPrefix("|") else {
      (lastRow, columns) = (nil, nil)
      return
    }
    let cells = Self.cells(of: text)
    if let columns {
      for (language, cell) in zip(columns, cells) {
        guard let language else { continue }
        for code in Self.codeSpans(in: cell) {
          snippets.append(Snippet(file: file, line: number, language: language, kind: .statements, code: code))
        }
      }
    } else if let heading = lastRow, cells.allSatisfy({ $0.allSatisfy { "-: ".contains($0) } }) {
      columns = heading.map { Snippet.Language(rawValue: $0.lowercased()) }
    }
    lastRow = cells
  }

  /// The cells of a row. A pipe within a cell is written `\|`, in code too.
  static func cells(of row: String) -> [String] {
    let escaped = "\u{0}"
    var cells = row.replacingOccurrences(of: "\\|", with: escaped).components(separatedBy: "|").dropFirst()
    if cells.last?.allSatisfy({ $0 == " " }) == true { cells.removeLast() }
    return cells.map { $0.replacingOccurrences(of: escaped, with: "|").trimmingCharacters(in: .whitespaces) }
  }

  static func codeSpans(in text: String) -> [String] {
    // Every second part is between backticks.
    text.components(separatedBy: "`").enumerated().compactMap { $0.offset % 2 == 1 ? $0.element : nil }
  }
}

/// Markdown that this parser doesn't understand.
struct MarkdownError: Error, CustomStringConvertible {
  let description: String

  init(_ file: String, _ line: Int, _ reason: String) { description = "\(file):\(line): \(reason)" }
}
