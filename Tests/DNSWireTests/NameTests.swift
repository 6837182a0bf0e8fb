// SPDX-License-Identifier: Apache-2.0
import DNSWire
import Testing

struct NameTests {
  @Test func `a name is the same with and without its last dot, in upper and lower case`() throws {
    let name = try DNSName("www.Example.com")
    #expect(name == (try DNSName("WWW.example.COM.")))
    #expect(Set([name, try DNSName("www.example.com")]).count == 1)
    #expect(name.description == "www.Example.com.")
    #expect(name != (try DNSName("www.example.org")))
  }

  @Test func `the root is a dot`() throws {
    #expect(try DNSName(".") == .root)
    #expect(DNSName.root.description == ".")
    #expect(DNSName.root.parent == nil)
    #expect(DNSName.root.labels.isEmpty)
  }

  @Test(arguments: ["", "..", "a..b", ".a", "a.."]) func `an empty label is an error`(text: String) {
    #expect(throws: DNSError.emptyLabel(name: text)) { try DNSName(text) }
  }

  @Test func `a label has up to 63 bytes and a name up to 255`() throws {
    let longest = String(repeating: "a", count: 63)
    #expect(try DNSName(longest).labels[0].count == 63)
    #expect(throws: DNSError.labelTooLong(name: longest + "a")) { try DNSName(longest + "a") }
    let full = [longest, longest, longest, String(repeating: "b", count: 61)].joined(separator: ".")
    #expect(try DNSName(full).wireForm.count == 255)
    #expect(throws: DNSError.nameTooLong(name: full + "b")) { try DNSName(full + "b") }
  }

  @Test func `escapes stand for any byte`() throws {
    let name = try DNSName(#"a\.b\\c\007.com"#)
    #expect(name.labels.map(Array.init) == [[0x61, 0x2e, 0x62, 0x5c, 0x63, 7], Array("com".utf8)])
    #expect(name.description == #"a\.b\\c\007.com."#)
    for text in [#"a\"#, #"a\25"#, #"a\256"#, #"a\2x5"#] {
      #expect(throws: DNSError.badEscape(name: text)) { try DNSName(text) }
    }
  }

  @Test func `a name is within itself and what it ends in`() throws {
    let name = try DNSName("a.b.Example.com")
    for outer in ["a.b.example.com", "example.COM", "com", "."] { #expect(name.isWithin(try DNSName(outer))) }
    for other in ["ample.com", "x.a.b.example.com", "org"] { #expect(!name.isWithin(try DNSName(other))) }
  }

  @Test func `addresses have reverse names`() {
    #expect(DNSName(reverseOf: 0xc000_0201).description == "1.2.0.192.in-addr.arpa.")
    #expect(
      DNSName(reverseOf: 0x2001_0db8_0000_0000, 0x0123_4567_89ab_cdef).description
        == "f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.")
  }
}
