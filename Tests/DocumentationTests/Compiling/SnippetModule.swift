// SPDX-License-Identifier: Apache-2.0
// How snippets become files that a compiler takes, such that what it says of them names the line of the document:
// `#sourceLocation` sees to that.
//
// All snippets of a document are one module, whose other part is the preamble: what every reader of the document can be
// expected to imagine, such as a function `download` or an array `urls`.

/// The source files that a document's snippets make.
struct SnippetModule {
  /// File names and what is in them.
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

  /// Statements run where those of `EventLoop.run` do, on the main actor.
  private static func function(_ snippet: Snippet, _ index: Int) -> String {
    """
    @MainActor func snippet\(index)() async throws {
    \(located(snippet, completed(snippet.code)))
    }

    """
  }

  /// What is meant as a file is put into a type, so that several may have an `App` each. The type is a structure
  /// because tests must be able to make one. Its imports are its own if it has any, and stay in their places outside.
  private static func file(_ snippet: Snippet, _ index: Int, _ imports: String) -> String {
    var own: [String] = []
    let lines = snippet.code.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("import ") { own.append(String(line)) }
      // One module has one `@main` only.
      return line.hasPrefix("import ") ? "" : String(line.hasPrefix("@main") ? line.dropFirst(5) : line)
    }
    return """
      \(own.isEmpty ? imports : own.joined(separator: "\n"))
      struct Snippet\(index) {
      \(located(snippet, completed(lines.joined(separator: "\n"))))
      }

      """
  }

  /// A manifest of which the snippet is the part that changes. No directive may stand between arguments.
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

  /// An ellipsis stands for code that is of no interest: a body, a statement or an expression.
  private static func completed(_ code: String) -> String {
    code.replacing("{ … }", with: "{}").replacing("…", with: "omitted()")
  }
}
