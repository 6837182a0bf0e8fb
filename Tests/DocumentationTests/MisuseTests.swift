// SPDX-License-Identifier: Apache-2.0
// The first attempts of a user from Python, and the compiler's messages.

import Testing

@Suite("What the compiler says of asyncio's habits", .serialized, .timeLimit(.minutes(1))) struct MisuseTests {
  private static let preamble = """
    import AsyncIO
    import Foundation
    func a() async throws -> Int { 1 }
    func b() async throws -> String { "" }
    func c() async throws {}

    """

  private func check(_ code: String) async throws -> [String] {
    let snippet = Snippet(file: "docs/page.md", line: 1, language: .swift, kind: nil, code: code)
    return try await SwiftCompiler().check([snippet], preamble: Self.preamble).map(\.description)
  }

  @Test(arguments: [
    ("_ = try await gather(a(), b())", "'gather' takes closures"),
    ("try await gather(c(), c(), c())", "'gather' takes closures"),
    ("let (x, y) = try await gather(a(), b())\nprint(x, y)", "'gather' takes closures"),
    ("createTask(c())", "'createTask' takes a closure"),
    ("let task = createTask(name: \"a\", a())\nprint(task)", "'createTask' takes a closure"),
    ("try await withTaskScope { scope in scope.createTask(c()) }", "'createTask' takes a closure"),
  ])
  func `a call where a closure belongs gets a sentence`(code: String, sentence: String) async throws {
    let found = try await check(code)
    #expect(found.first?.contains(sentence) == true, "\(found)")
  }

  @Test(arguments: ["sleep(1)", "let n: UInt32 = 2\nsleep(n)"])
  func `libc's sleep is not what async code gets`(code: String) async throws {
    let found = try await check(code)
    #expect(found.contains { $0.contains("'sleep' blocks the loop") }, "\(found)")
    #expect(found.contains { $0.contains("is not marked with 'await'") }, "\(found)")
  }

  /// A property can't have a second form that is async, so nothing of ours can refuse it.
  @Test func `awaiting a result that doesn't wait is a warning`() async throws {
    let found = try await check(
      "let task = createTask { try await a() }\nif let result = await task.result { print(result) }")
    #expect(found.count == 1 && found[0].contains("no 'async' operations occur within 'await'"), "\(found)")
    #expect(try await check("let task = createTask { try await a() }\nprint(try await task.value)") == [])
  }

  @Test func `what is right stays right, and other mistakes keep the compiler's words`() async throws {
    let right = """
      try await sleep(.zero)
      try await sleep(.seconds(1))
      let (x, y) = try await gather({ try await a() }, { try await b() })
      let all = try await gather([1, 2], limit: 1) { $0 + 1 }
      try await gather(c, c)
      try await gather([1, 2]) { _ in try await c() }
      try await gather(createTask { try await c() }, createTask { try await c() })
      createTask { try await c() }
      let task = createTask(name: "b") { try await b() }
      print(x, y, all, task)
      """
    #expect(try await check(right) == [])
    let wrong = try await check("_ = try await gather([1, 2]) { $0 + \"x\" }")
    #expect(!wrong.isEmpty && !wrong.contains { $0.contains("takes closures") }, "\(wrong)")
  }
}
