// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ThreadBacktraces

@Suite struct SymbolNameTests {
  @Test(arguments: [
    ("App.Server.handle(Swift.Int) -> Swift.String", "App.Server.handle(Int)", false, false),
    ("App.Server.handle(Swift.Int) async throws -> Swift.String", "App.Server.handle(Int)", true, false),
    ("(2) await resume partial function for App.run() async -> ()", "App.run()", true, false),
    (
      "(1) suspend resume partial function for closure #1 @Sendable () async -> () in static App.Main.main() -> ()",
      "closure #1 in App.Main.main()", true, false
    ),
    ("App.apply(() async -> ()) -> ()", "App.apply(() async -> ())", false, false),
    ("closure #2 (Swift.Int) throws -> () in App.f() async -> ()", "closure #2 in App.f()", false, false),
    (
      "function signature specialization <Arg[0] = Owned To Guaranteed> of App.f<A>(A) -> ()", "App.f<A>(A)", false,
      false
    ),
    ("partial apply forwarder for closure #1 () -> () in App.f() -> ()", "closure #1 in App.f()", false, true),
    ("App.compose((Swift.Int) -> Swift.Int) -> (Swift.Int) -> Swift.Int", "App.compose((Int) -> Int)", false, false),
    ("read", "read", false, false),
  ])
  func `a demangled name is cut to what its author wrote`(
    demangled: String, text: String, isAsync: Bool, isThunk: Bool
  ) {
    let name = SymbolName(demangled: demangled)
    #expect(name.text == text)
    #expect(name.isAsync == isAsync)
    #expect(name.isThunk == isThunk)
  }

  @Test func `a mangled name is demangled`() {
    #expect(SymbolName("$s1a10asyncOuteryS2iYaFTQ0_").text == "a.asyncOuter(Int)")
    #expect(SymbolName("$s1a10asyncOuteryS2iYaFTQ0_").isAsync)
    #expect(SymbolName("clock_nanosleep").text == "clock_nanosleep")
  }
}
