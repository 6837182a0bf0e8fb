// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A page, or the comments and pages of a target: the snippets that are compiled together.
struct Document: Sendable, CustomTestStringConvertible {
  /// The path within the package: `docs/design.md`, `Sources/AsyncIO`.
  let path: String

  var testDescription: String { path }

  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// All pages and targets with snippets.
  static func all() throws -> [Document] {
    let targets = try FileManager.default.contentsOfDirectory(atPath: package.appendingPathComponent("Sources").path)
    let documents = try pages() + targets.map { "Sources/\($0)" }
    return try documents.sorted().map(Document.init).filter { try !$0.snippets().isEmpty }
  }

  /// All pages except those of the targets.
  static func pages() throws -> [String] {
    try (files(of: ".", deep: false) + files(of: "docs", deep: true)).filter { $0.hasSuffix(".md") }.sorted()
  }

  func snippets() throws -> [Snippet] {
    try Self.files(of: path, deep: true).sorted().flatMap { file -> [Snippet] in
      let isPage = file.hasSuffix(".md")
      guard isPage || file.hasSuffix(".swift"), let text = Self.text(of: file) else { return [] }
      if isPage { return try Markdown(file: file, text: text).snippets }
      return try Markdown(file: file, lines: DocComments.lines(in: text)).snippets
    }
  }

  /// The surroundings of its snippets: imports, and names that they use without an introduction.
  func preamble() throws -> String {
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let file = "Tests/DocumentationTests/preambles/\(name).swift"
    guard let text = Self.text(of: file) else { throw MarkdownError(path, 1, "its snippets need a preamble, \(file)") }
    return text
  }

  /// The text of a file of the package, empty for a folder, or nil if it doesn't exist.
  static func text(of file: String) -> String? {
    let path = package.appendingPathComponent(file)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder) else { return nil }
    return isFolder.boolValue ? "" : try? String(contentsOf: path, encoding: .utf8)
  }

  /// The files in a folder of the package, or the file of that name, as paths within the package.
  private static func files(of path: String, deep: Bool) throws -> [String] {
    let folder = package.appendingPathComponent(path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else { return [] }
    if !isFolder.boolValue { return [path] }
    let names =
      deep
      ? try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      : try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return names.map { path == "." ? $0 : "\(path)/\($0)" }
  }
}
