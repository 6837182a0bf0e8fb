// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A page, or the comments and pages of a target: what is compiled together.
struct Document: Sendable, CustomTestStringConvertible {
  /// From the package's folder: `docs/design.md`, `Sources/AsyncIO`.
  let path: String

  var testDescription: String { path }

  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every page and every target that has snippets.
  static func all() throws -> [Document] {
    let pages = try files(of: ".", deep: false) + files(of: "docs", deep: true)
    let targets = try FileManager.default.contentsOfDirectory(atPath: package.appendingPathComponent("Sources").path)
    let documents = pages.filter { $0.hasSuffix(".md") } + targets.map { "Sources/\($0)" }
    return try documents.sorted().map(Document.init).filter { try !$0.snippets().isEmpty }
  }

  func snippets() throws -> [Snippet] {
    try Self.files(of: path, deep: true).sorted().flatMap { file in
      if file.hasSuffix(".md") { return try Markdown(file: file, text: Self.text(of: file)).snippets }
      guard file.hasSuffix(".swift") else { return [] }
      return try Markdown(file: file, lines: DocComments.lines(in: Self.text(of: file))).snippets
    }
  }

  /// What surrounds its snippets: imports, and names that they use without an introduction.
  func preamble() throws -> String {
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return try Self.text(of: "Tests/DocumentationTests/preambles/\(name).swift")
  }

  private static func text(of file: String) throws -> String {
    try String(contentsOf: package.appendingPathComponent(file), encoding: .utf8)
  }

  /// The files in a folder of the package, or the one of that name, from the package's folder.
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
