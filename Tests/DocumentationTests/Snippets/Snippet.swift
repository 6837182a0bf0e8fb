// SPDX-License-Identifier: Apache-2.0

/// A piece of code in the documentation.
struct Snippet: Equatable {
  enum Language: String {
    case swift, python
  }

  enum Kind: Equatable {
    /// The body of a function: the most common kind.
    case statements
    /// A file of its own: a program, tests, or code with its own imports.
    case file
    /// Arguments of `Package(…)` in a manifest.
    case manifest
  }

  /// The path of its file within the package.
  let file: String
  /// Its first line in the file, from 1.
  let line: Int
  let language: Language
  let kind: Kind
  let code: String

  init(file: String, line: Int, language: Language, kind: Kind? = nil, code: String) {
    self.file = file
    self.line = line
    self.language = language
    self.kind = kind ?? Self.kind(of: code)
    self.code = code
  }

  /// The kind of a snippet without a marker.
  private static func kind(of code: String) -> Kind {
    let lines = code.split(separator: "\n")
    if lines.first == "// Package.swift" { return .manifest }
    let isFile = lines.contains { line in
      ["import ", "@main", "@Test", "@Suite"].contains { line.hasPrefix($0) }
    }
    return isFile ? .file : .statements
  }
}
