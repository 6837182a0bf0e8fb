// SPDX-License-Identifier: Apache-2.0
// Turns snippets into files for a compiler. `#sourceLocation` makes its messages name the line of the document.
//
// All snippets of a document are one module. The preamble is its other part, with names that readers are expected to
// imagine: a function `download`, an array `urls`.

/// The source files made from a document's snippets.
struct SnippetModule {
  /// The files' contents, by name.
  private(set) var files: [String: String]

  init(_ snippets: [Snippet], preamble: String) {
    files = ["Preamble.swift": preamble, "Omitted.swift": Self.omitted]
    let imports = preamble.split(separator: "\n").filter { $0.hasPrefix("import ") }.joined(separator: "\n")
    var statements = imports + "\n"
    for (index, snippet) in snippets.enumerated() where snippet.language == .swift {
      switch snippet.kind {
      case .statements: statements += Self.function(snippet, index)
      case .file: files["Snippet\(index).swift"] = Self.file(snippet, index, imports)
      case .manifest: break
      }
    }
    files["Statements.swift"] = statements
  }

  /// Statements run like those of `EventLoop.run`, on the main actor.
  private static func function(_ snippet: Snippet, _ index: Int) -> String {
    """
    @MainActor func snippet\(index)() async throws {
    \(located(snippet, completed(snippet.code)))
    }

    """
  }

  /// Wraps a snippet that is a file into a type, so that several may have an `App` each. The type is a structure
  /// because tests must be able to make one. The snippet's own imports, if any, stay outside of it in their places.
  private static func file(_ snippet: Snippet, _ index: Int, _ imports: String) -> String {
    var own: [String] = []
    let lines = snippet.code.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("import ") { own.append(String(line)) }
      // A module can have only one `@main`.
      return line.hasPrefix("import ") ? "" : String(line.hasPrefix("@main") ? line.dropFirst(5) : line)
    }
    return """
      \(own.isEmpty ? imports : own.joined(separator: "\n"))
      struct Snippet\(index) {
      \(located(snippet, completed(lines.joined(separator: "\n"))))
      }

      """
  }

  /// A manifest with the snippet in the place that varies. A directive can't stand between arguments.
  static func manifest(_ snippet: Snippet) -> String {
    """
    import PackageDescription
    #sourceLocation(file: "\(snippet.file)", line: \(max(1, snippet.line - 2)))
    let package = Package(
      name: "App",
    \(snippet.code)
    )

    """
  }

  private static func located(_ snippet: Snippet, _ code: String) -> String {
    """
    #sourceLocation(file: "\(snippet.file)", line: \(snippet.line))
    \(code)
    #sourceLocation()
    """
  }

  private static let omitted = """
    func omitted() {}
    func omitted<Value>() -> Value { fatalError() }

    """

  /// Replaces an ellipsis, which stands for omitted code: a body, a statement or an expression.
  private static func completed(_ code: String) -> String {
    code.replacing("{ … }", with: "{}").replacing("…", with: "omitted()")
  }
}
