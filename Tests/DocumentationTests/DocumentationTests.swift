// SPDX-License-Identifier: Apache-2.0
// A snippet that doesn't compile is worse than a missing one. So all are compiled: those of the pages, and those in the
// comments of public interfaces.

import Testing

@Suite("Documentation", .serialized, .timeLimit(.minutes(1))) struct DocumentationTests {
  @Test(arguments: try Document.all())
  func `each Swift snippet compiles`(in document: Document) async throws {
    let found = try await SwiftCompiler().check(document.snippets(), preamble: document.preamble())
    for diagnostic in found { diagnostic.record() }
  }

  @Test func `each Python snippet compiles`() async throws {
    for diagnostic in try await PythonCompiler.check(try Document.all().flatMap { try $0.snippets() }) {
      diagnostic.record()
    }
  }

  @Test func `each link within the package leads somewhere`() throws {
    for page in try Document.pages() {
      let links = Links(file: page, text: try #require(Document.text(of: page)))
      for diagnostic in links.broken(read: Document.text) { diagnostic.record() }
    }
  }

  @Test func `the pages and the comments are found`() throws {
    let paths = try Document.all().map(\.path)
    for path in ["README.md", "docs/python-to-swift.md", "Sources/AsyncIO", "Sources/AsyncIOCore"] {
      #expect(paths.contains(path))
    }
    #expect(try Document.pages().contains("docs/design.md"))
    #expect(try Document(path: "Sources/AsyncIO").snippets().count >= 20)
  }
}
