// SPDX-License-Identifier: Apache-2.0
import HTTPSemantics
import Testing

@Suite struct NegotiationTests {
  @Test(
    arguments: [
      ([], .identity), ([""], .identity), (["gzip"], .coding("gzip")), (["gzip, br"], .coding("br")),
      (["gzip;q=1.0, br;q=0.5"], .coding("gzip")), (["*"], .coding("br")), (["*;q=0"], .notAcceptable),
      (["identity"], .identity), (["identity, gzip"], .coding("gzip")), (["identity, gzip;q=0.5"], .identity),
      (["identity;q=0"], .notAcceptable), (["identity;q=0, gzip"], .coding("gzip")), (["deflate"], .identity),
      (["br;q=0, *"], .coding("gzip")), (["GZIP ; Q=0.3"], .coding("gzip")), (["x-gzip"], .coding("gzip")),
      (["gzip;q=2"], .identity), (["gzip;q=0.0001"], .identity), (["gzip;q=0"], .identity),
      (["br", "gzip"], .coding("br")),
    ] as [([String], ContentCodingChoice)])
  func `chooses by quality`(fields: [String], expected: ContentCodingChoice) {
    #expect(ContentCodingChoice(accepting: fields, from: ["br", "gzip"]) == expected)
  }

  @Test func `knows files by their extension`() {
    #expect(MediaType.ofFile(named: "a.b.PNG") == "image/png")
    #expect(MediaType.ofFile(named: ".html") == "application/octet-stream")
    #expect(MediaType.ofFile(named: "Makefile") == "application/octet-stream")
    #expect(MediaType.isWorthCompressing("application/ld+json; charset=utf-8"))
    #expect(!MediaType.isWorthCompressing("text/event-stream"))
    #expect(!MediaType.isWorthCompressing("image/png"))
  }
}

@Suite struct TargetPathTests {
  private func names(_ target: String) -> [String]? {
    TargetPath(target)?.names.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `decodes segments once`() {
    #expect(names("/") == [])
    #expect(names("/a/b%20c?d=/../e") == ["a", "b c"])
    #expect(names("//a///b/") == ["a", "b"])
    #expect(names("/%252e%252e/x") == ["%2e%2e", "x"])
    #expect(names("/%C3%A4") == ["ä"])
    #expect(TargetPath("/%FF")?.names == [[0xFF]])
    #expect(TargetPath("/a/")?.isDirectory == true)
    #expect(TargetPath("/a")?.isDirectory == false)
  }

  @Test(arguments: [
    "", "a", "*", "http://h/a", "/..", "/../a", "/a/../b", "/.", "/a/./b", "/%2e%2e/a", "/%2E./a", "/.%2e", "/a%2fb",
    "/a%2Fb",
    "/a%5cb", "/a\\b", "/a%00b", "/%", "/%1", "/%zz", "/a%00", "/..%2f..%2fetc/passwd", "/%2e",
  ])
  func `refuses what names no file`(target: String) { #expect(TargetPath(target) == nil) }

  @Test func `encoded names come back`() {
    let all = (1...255).map { UInt8($0) }.filter { $0 != 0x2F && $0 != 0x5C }
    #expect(TargetPath("/" + PercentCoding.encode(segment: all))?.names == [all])
  }
}
