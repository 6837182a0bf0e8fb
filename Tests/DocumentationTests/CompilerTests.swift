// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("What compilers say of snippets", .serialized, .timeLimit(.minutes(1))) struct CompilerTests {
  private static let preamble = "import AsyncIO\nfunc download(_ url: String) async throws -> Int { url.count }\n"

  private func check(_ code: String, _ kind: Snippet.Kind? = nil) async throws -> [String] {
    let snippet = Snippet(file: "docs/page.md", line: 10, language: .swift, kind: kind, code: code)
    return try await SwiftCompiler().check([snippet], preamble: Self.preamble).map(\.description)
  }

  @Test(arguments: [
    "let size = try await withTimeout(.seconds(1)) { try await download(\"a\") }",
    "func later() { … }\nlet unused: Int = …\n…",
    "import AsyncIO\n\n@main struct App {\n  static func main() throws {}\n}",
    "// Package.swift\ntargets: [\n  .target(name: \"App\")\n],",
  ])
  func `nothing of what is right`(code: String) async throws {
    let found = try await check(code)
    #expect(found == [])
  }

  @Test func `what is wrong, with its line in the document`() async throws {
    #expect(try await check("let a = 1\nlet b = c") == ["docs/page.md:11: error: cannot find 'c' in scope"])
    #expect(try await check("import AsyncIO\n\nlet a = b") == ["docs/page.md:12: error: cannot find 'b' in scope"])
    #expect(try await check("// Package.swift\ntarget: []").count == 1)
  }

  @Test func `errors that come after the types`() async throws {
    #expect(try await check("let a: Int\nprint(a)").count == 1)
    #expect(
      try await check("class Box { var n = 0 }\nlet box = Box()\nTask.detached { box.n = 1 }\nbox.n = 2").count == 1)
  }

  @Test func `warnings of an interface that has changed`() async throws {
    let found = try await check("func now() -> Int { 0 }\nprint(await now())")
    #expect(found == ["docs/page.md:11: warning: no 'async' operations occur within 'await' expression"])
  }

  @Test func `an import that is missing in a program, which the preamble has`() async throws {
    let found = try await check("import Testing\n@Suite struct S {\n  @Test func f() { print(EventLoop.current) }\n}")
    #expect(found.count == 1 && found.first?.hasPrefix("docs/page.md:12: error") == true)
  }

  @Test func `Python too says what is wrong, and may await anywhere`() async throws {
    let snippets = [
      Snippet(file: "docs/page.md", line: 20, language: .python, code: "async with lock:\n    await sleep(1)"),
      Snippet(file: "docs/page.md", line: 30, language: .python, code: "a = 1\nawait = 2"),
    ]
    let found = try await PythonCompiler.check(snippets)
    #expect(found.map(\.file) == ["docs/page.md"] && found.map(\.line) == [31])
  }
}
