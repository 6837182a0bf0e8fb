// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec
import TestSupport
import Testing

struct HTTPURLTests {
  @Test func `a URL is taken apart`() throws {
    let url = try HTTPURL("HTTPS://Example.ORG:8443/a/b%20c;d?q=1&r=/?#part")
    #expect(url.scheme == .https && url.host == .name("example.org") && url.port == 8443)
    #expect(url.target == "/a/b%20c;d?q=1&r=/?" && url.path == "/a/b%20c;d" && url.query == "q=1&r=/?")
    #expect(url.authority == "example.org:8443" && url.scheme.isSecure)
    #expect(url.description == "https://example.org:8443/a/b%20c;d?q=1&r=/?")
  }

  @Test(arguments: [
    ("http://h", "http://h/"), ("http://h?q", "http://h/?q"), ("http://h#f", "http://h/"), ("http://h:/", "http://h/"),
    ("http://h:80/", "http://h/"), ("https://h:443", "https://h/"), ("https://h:80", "https://h:80/"),
    ("ws://h/c", "ws://h/c"), ("wss://h:443/", "wss://h/"), ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ("http://[2001:DB8::1]", "http://[2001:db8::1]/"), ("http://127.0.0.1/", "http://127.0.0.1/"),
    ("http://a_b.c%41/", "http://a_b.c%41/"), ("http://h/?", "http://h/?"), ("http://h//a/../b", "http://h//a/../b"),
    ("http://1a.2b/", "http://1a.2b/"),
  ])
  func `valid URLs are written back in their normal form`(text: String, normal: String) throws {
    let url = try HTTPURL(text)
    #expect(url.description == normal)
    #expect(try HTTPURL(normal) == url)
  }

  static let invalid: [(String, HTTPURLError.Kind)] = [
    ("", .missingScheme), ("example.org", .missingScheme), ("//h/", .missingScheme), ("1http://h", .missingScheme),
    ("ftp://h/", .unsupportedScheme), ("mailto:a@b", .unsupportedScheme), ("localhost:80", .unsupportedScheme),
    ("http:/h", .missingHost), ("http:h", .missingHost), ("http://", .missingHost), ("http:///a", .missingHost),
    ("http://:80/", .missingHost), ("http://user@h/", .userInformation), ("http://a:b@h/", .userInformation),
    ("http://a\\b/", .invalidHost), ("http://a|b/", .invalidHost), ("http://a]/", .invalidHost),
    ("http://z\u{FC}rich.ch/", .internationalHost), ("http://a b/", .spaceOrControlCharacter),
    ("http://1.2.3.256/", .invalidIPv4Address), ("http://1.2.3/", .invalidIPv4Address),
    ("http://01.2.3.4/", .invalidIPv4Address), ("http://127.1/", .invalidIPv4Address),
    ("http://2130706433/", .invalidIPv4Address), ("http://0x7f.1/", .invalidIPv4Address),
    ("http://a.0x7F/", .invalidIPv4Address), ("http://1.2.3.4.5/", .invalidIPv4Address),
    ("http://1.2.3.4./", .invalidIPv4Address), ("http://[::1/", .invalidIPv6Address),
    ("http://[]/", .invalidIPv6Address),
    ("http://[1:2:3]/", .invalidIPv6Address), ("http://[::1%25]eth0/", .invalidIPv6Address),
    ("http://[v1.a]/", .invalidIPv6Address), ("http://[1::2::3]/", .invalidIPv6Address),
    ("http://h:0/", .invalidPort), ("http://h:65536/", .invalidPort), ("http://h:8a/", .invalidPort),
    ("http://h:+80/", .invalidPort), ("http://h:80:80/", .invalidPort),
    ("http://[::1]a/", .invalidIPv6Address), ("http://h/a b", .spaceOrControlCharacter),
    ("http://h/a\r\nb", .spaceOrControlCharacter), ("http://h/\u{7F}", .spaceOrControlCharacter),
    ("http://h/#a b", .spaceOrControlCharacter), (" http://h/", .missingScheme),
    ("http://h/\u{E9}", .invalidCharacter), ("http://h/a|b", .invalidCharacter), ("http://h/?a[]=1", .invalidCharacter),
    ("http://h/\\a", .invalidCharacter), ("http://h/#a#b", .invalidCharacter),
    ("http://h/%", .invalidPercentEncoding), ("http://h/%4", .invalidPercentEncoding),
    ("http://h/%zz", .invalidPercentEncoding), ("http://h%4/", .invalidPercentEncoding),
  ]

  @Test(arguments: invalid)
  func `what is not a URL is rejected by name`(text: String, kind: HTTPURLError.Kind) {
    let error = #expect(throws: HTTPURLError.self) { try HTTPURL(text) }
    #expect(error?.kind == kind)
  }

  @Test func `every kind of URL error has an example, a reason and one line`() {
    #expect(Set(Self.invalid.map(\.1)) == Set(HTTPURLError.Kind.allCases))
    let error = #expect(throws: HTTPURLError.self) { try HTTPURL("http://h/a\r\nb") }
    #expect(error?.description == #"URL: space or control character ("http://h/a\r\nb")"#)
  }

  @Test(arguments: [
    "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8", "::ffff:1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4", "fe80::abCD",
  ])
  func `IPv6 addresses of RFC 3986 are accepted`(address: String) throws {
    #expect(try HTTPURL("http://[\(address)]/").host == .ipv6(address.lowercased()))
  }

  @Test(arguments: [
    ":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1::", "12345::", "g::",
    "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4", "::1.2.3", "::1.2.3.4:1", "1::2:", "::1 ",
  ])
  func `other text in brackets is rejected`(address: String) {
    #expect(throws: HTTPURLError.self) { try HTTPURL("http://[\(address)]/") }
  }

  /// The examples of RFC 3986 sections 5.4.1 and 5.4.2, without fragments, and without the one with another scheme.
  @Test(arguments: [
    ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
    ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"),
    ("g#s", "http://a/b/c/g"), ("g?y#s", "http://a/b/c/g?y"), (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"),
    ("g;x?y#s", "http://a/b/c/g;x?y"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"),
    ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"),
    ("../../", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"),
    ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"),
    ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
    ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
    ("g;x=1/../y", "http://a/b/c/y"), ("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x"),
    ("https://H:1/a/../b", "https://h:1/b"), ("//g:81/x/./y?z", "http://g:81/x/y?z"),
  ])
  func `references resolve as RFC 3986 says`(reference: String, expected: String) throws {
    #expect(try HTTPURL("http://a/b/c/d;p?q").resolving(reference).description == expected)
  }

  @Test func `a reference keeps the port, and needs no folder in the base`() throws {
    #expect(try HTTPURL("https://h:8443").resolving("a?b").description == "https://h:8443/a?b")
    #expect(try HTTPURL("http://h/x?a/b").resolving("c").description == "http://h/c")
  }

  @Test(arguments: [
    ("g:h", HTTPURLError.Kind.unsupportedScheme), ("http:g", .missingHost), ("//", .missingHost),
    ("/a b", .spaceOrControlCharacter), ("\r\n/x", .spaceOrControlCharacter), ("/%x", .invalidPercentEncoding),
    ("javascript:alert(1)", .unsupportedScheme), ("//u@h/", .userInformation), ("\\\\h\\a", .invalidCharacter),
  ])
  func `a reference that leads to no URL is rejected by name`(reference: String, kind: HTTPURLError.Kind) throws {
    let base = try HTTPURL("http://a/b")
    let error = #expect(throws: HTTPURLError.self) { try base.resolving(reference) }
    #expect(error?.kind == kind)
  }

  @Test(arguments: [
    ("/Z\u{FC}rich", "http://a/Z%C3%BCrich"), ("a b", "http://a/b/c/a%20b"), ("/x[1]", "http://a/x%5B1%5D"),
    ("/a|b", "http://a/a%7Cb"), ("?q=[a]|b c", "http://a/b/c/d;p?q=%5Ba%5D%7Cb%20c"),
    ("/a\"<>^`{}", "http://a/a%22%3C%3E%5E%60%7B%7D"),
    ("/100%", "http://a/100%25"), ("/%4", "http://a/%254"), ("/%zz%41", "http://a/%25zz%41"),
    ("/a\\b", "http://a/a%5Cb"),
    ("http://h:81/\u{E9}#\u{E9} [", "http://h:81/%C3%A9"), ("//h/ ", "http://h/%20"), ("/a#b#c", "http://a/a"),
    ("http://[::1]:81/[", "http://[::1]:81/%5B"), ("http://h?[", "http://h/?%5B"), ("g", "http://a/b/c/g"),
    ("../g?y#s", "http://a/b/g?y"), ("", "http://a/b/c/d;p?q"), ("#s", "http://a/b/c/d;p?q"),
    ("a b:c", "http://a/b/c/a%20b:c"),
    ("\u{E9}:c", "http://a/b/c/%C3%A9:c"), ("HTTPS://H/a/../b", "https://h/b"), ("/\t", "http://a/%09"),
  ])
  func `a Location resolves as in browsers and curl`(location: String, expected: String) throws {
    let base = try HTTPURL("http://a/b/c/d;p?q")
    #expect(try base.resolving(location: location.utf8).description == expected)
    // A valid reference of RFC 3986 has that very result.
    if let strict = try? base.resolving(location) { #expect(strict.description == expected) }
  }

  @Test func `a Location in another encoding keeps its bytes`() throws {
    let location = Array("/caf".utf8) + [0xE9, 0xFF]
    #expect(try HTTPURL("http://a/").resolving(location: location).description == "http://a/caf%E9%FF")
  }

  @Test(arguments: [
    ("http://", HTTPURLError.Kind.missingHost), ("http:///x", .missingHost), ("http:x", .missingHost),
    ("http://u@h/", .userInformation), ("http://a\\@b/", .userInformation), ("http://h\\x/", .invalidHost),
    ("http://h:99999/", .invalidPort), ("http://z\u{FC}rich.ch/", .internationalHost),
    ("http://a b/", .spaceOrControlCharacter),
    ("http://[::1/", .invalidIPv6Address), ("javascript://x", .unsupportedScheme), ("mailto:a@b", .unsupportedScheme),
    ("\\\\h\\a", .invalidCharacter), ("/\\h/a", .invalidCharacter), ("\\/h", .invalidCharacter), ("//", .missingHost),
    ("http:/\\h/", .invalidCharacter),
  ])
  func `a Location is taken as it is where it says who is asked`(location: String, kind: HTTPURLError.Kind) throws {
    let base = try HTTPURL("http://a/b")
    let error = #expect(throws: HTTPURLError.self) { try base.resolving(location: location.utf8) }
    #expect(error?.kind == kind && error?.excerpt.isEmpty == location.isEmpty)
  }

  @Test func `encoding makes typed text a URL and leaves a URL alone`() throws {
    #expect(
      try HTTPURL(HTTPURL.encoding("http://h/Z\u{FC}rich |\"?a[]={1}\n")).target
        == "/Z%C3%BCrich%20%7C%22?a%5B%5D=%7B1%7D%0A")
    for text in ["http://[::1]:80/a%20b?c=d#e", "https://h/~a/(b)?c=/?"] { #expect(HTTPURL.encoding(text) == text) }
  }

  @Test func `damaged URLs are accepted in their normal form or rejected`() throws {
    var random = SplitMix64(seed: 4)
    let corpus = ["http://example.org:80/a/../b?c#d", "https://[2001:db8::1.2.3.4]:8443/x", "ws://127.0.0.1?q=%41"]
    let base = try HTTPURL("http://a/b/c/d;p?q")
    var accepted = 0
    for _ in 0..<20_000 {
      let bytes = Mutator.mutate(corpus.map { Array($0.utf8) }, &random)
      let text = String(decoding: bytes, as: UTF8.self)
      if let url = try? HTTPURL(text) {
        accepted += 1
        #expect(try HTTPURL(url.description) == url)
      }
      if let url = try? base.resolving(text) {
        #expect(try base.resolving(url.description) == url)
        #expect(url.target.hasPrefix("/") && !url.path.contains("/../"))
        #expect(try base.resolving(location: bytes) == url)
      }
      if let url = try? base.resolving(location: bytes) { #expect(try HTTPURL(url.description) == url) }
    }
    #expect(accepted > 2000)
  }

  @Test(arguments: [
    ("http://[fe80::1%25eth0]:8080/x", "fe80::1%eth0", "http://[fe80::1%25eth0]:8080/x", "[fe80::1]:8080"),
    ("http://[FE80::1%Eth0]/", "fe80::1%Eth0", "http://[fe80::1%25Eth0]/", "[fe80::1]"),
    ("https://[fe80::1%25br-lan.100]/", "fe80::1%br-lan.100", "https://[fe80::1%25br-lan.100]/", "[fe80::1]"),
    ("http://[fe80::1%25a%2Bb]/", "fe80::1%a+b", "http://[fe80::1%25a%2Bb]/", "[fe80::1]"),
    ("http://[fe80::1%25]/", "fe80::1%25", "http://[fe80::1%2525]/", "[fe80::1]"),
    ("http://[fe80::1%3]/", "fe80::1%3", "http://[fe80::1%253]/", "[fe80::1]"),
  ])
  func `the zone of an address is kept, and told to no server`(
    text: String, host: String, written: String, field: String
  ) throws {
    let url = try HTTPURL(text)
    #expect(url.host == .ipv6(host) && url.description == written && url.authority == field)
    #expect(try HTTPURL(url.description) == url)
    #expect(try url.resolving("/next").host == url.host)
  }

  @Test(arguments: [
    "[fe80::1%]", "[fe80::1%25%00]", "[fe80::1%25%2F]", "[fe80::1%25a b]", "[fe80::1%25%zz]", "[%25lo]",
  ])
  func `what is not a zone is not an address`(host: String) {
    #expect(throws: HTTPURLError.self) { try HTTPURL("http://\(host)/") }
  }
}
