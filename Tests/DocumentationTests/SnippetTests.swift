// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("Snippets of a text") struct SnippetTests {
  private func snippets(_ text: String) throws -> [Snippet] { try Markdown(file: "page.md", text: text).snippets }

  @Test func `blocks of Swift and of Python are taken, with their lines`() throws {
    let found = try snippets("# A page\n\n```swift\nlet a = 1\nlet b = 2\n```\n```python\na = 1\n```\n```sh\nls\n```\n")
    #expect(
      found == [
        Snippet(file: "page.md", line: 4, language: .swift, code: "let a = 1\nlet b = 2"),
        Snippet(file: "page.md", line: 8, language: .python, code: "a = 1"),
      ])
  }

  @Test func `a block in a list loses its indent`() throws {
    #expect(try snippets("- so:\n  ```swift\n  if a {\n    b()\n  }\n  ```").map(\.code) == ["if a {\n  b()\n}"])
  }

  @Test func `a program, tests, and what imports are files; arguments of a package are a manifest`() throws {
    func kind(_ code: String) throws -> Snippet.Kind? { try snippets("```swift\n\(code)\n```").first?.kind }
    #expect(try kind("f()") == .statements)
    #expect(try kind("import AsyncIO\nf()") == .file)
    #expect(try kind("@main struct App {}") == .file)
    #expect(try kind("@Test func f() {}") == .file)
    #expect(try kind("// Package.swift\ndependencies: []") == .manifest)
  }

  @Test func `a marker says the kind, or leaves a block out`() throws {
    let found = try snippets(
      """
      <!-- snippet: file -->
      ```swift
      func f() {}
      ```
      <!-- snippet: left out: it shows what doesn't compile -->

      ```swift
      let a: Int = ""
      ```
      """)
    #expect(found.map(\.kind) == [.file])
  }

  @Test(arguments: [
    "<!-- snippet: fil -->\n```swift\n```", "<!-- snippet: file -->\n```sh\n```", "<!-- snippet: file -->\n",
    "<!-- snippet: left out -->\n```swift\n```", "```swift\nlet a = 1\n",
  ])
  func `a marker that is not understood, or is before no block, is an error`(text: String) {
    #expect(throws: MarkdownError.self) { try snippets(text) }
  }

  @Test func `code in the columns of a language is taken, and no other`() throws {
    let found = try snippets(
      """
      | `no` | Python | Swift |
      |---|---|:--|
      | `no` | `a \\| b`, or `c` | nothing |
      | | | `d` |

      `no`

      | Name | Meaning |
      |---|---|
      | `no` | `no` |
      """)
    #expect(found.map(\.code) == ["a | b", "c", "d"])
    #expect(found.map(\.line) == [3, 3, 4])
    #expect(found.map(\.language) == [.python, .python, .swift])
  }

  @Test func `a link that leads nowhere is found, with its line`() {
    let page = """
      # A page
      [here](#a-page), [there](../README.md#what-you-wont-find), [a folder](other/), [far](https://example.com/#x)
      [gone](gone.md), [no
      heading](#no-heading), [no heading there](../README.md#none)
      """
    let files = ["README.md": "## What you won't find", "docs/other": ""]
    let found = Links(file: "docs/page.md", text: page).broken { files[$0] }
    #expect(
      found.map(\.description) == [
        "docs/page.md:3: the link leads nowhere: gone.md", "docs/page.md:4: the link leads nowhere: #no-heading",
        "docs/page.md:4: the link leads nowhere: ../README.md#none",
      ])
  }

  @Test func `comments are read as pages are, each by itself`() throws {
    let source = """
      /// Does it.
      ///
      /// ```swift
      /// do {
      ///   it()
      /// }
      /// ```
      func it() {}  /// ```swift

      struct S {
        /// ```swift
        /// other()
        /// ```
      """
    let found = try Markdown(file: "S.swift", lines: DocComments.lines(in: source)).snippets
    #expect(found.map(\.code) == ["do {\n  it()\n}", "other()"])
    #expect(found.map(\.line) == [4, 12])
  }
}
