// SPDX-License-Identifier: Apache-2.0
import DNSWire
import Testing

struct MessageTests {
  @Test func `what is written is read`() throws {
    for message in Corpus.messages { #expect(try DNSMessage(decoding: message.encoded()) == message) }
  }

  @Test func `a query is the bytes of RFC 1035`() throws {
    let query = DNSMessage.query(try DNSName("ab.c"), .a, id: 0x1234, edns: nil)
    #expect(
      try query.encoded() == [
        0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0x61, 0x62, 1, 0x63, 0, 0, 1, 0, 1,
      ])
  }

  @Test func `the OPT record is the bytes of RFC 6891`() throws {
    var query = DNSMessage.query(.root, .ns, id: 1)
    query.edns?.wantsSignatures = true
    #expect(try query.encoded().suffix(11) == [0, 0, 41, 0x04, 0xd0, 0, 0, 0x80, 0, 0, 0])
  }

  @Test func `names are compressed, but not that of SRV`() throws {
    var message = DNSMessage.response(to: .query(try DNSName("example.com"), .mx, id: 1, edns: nil))
    message.answers = [
      DNSRecord(try DNSName("example.com"), .mx(preference: 1, try DNSName("mail.example.com")), timeToLive: 1)
    ]
    // Header, question; pointer, type, class, TTL, length, preference, "mail" and a pointer.
    #expect(try message.encoded().count == 12 + 17 + 2 + 10 + 2 + 5 + 2)
    message.answers = [
      DNSRecord(
        try DNSName("example.com"), .srv(priority: 1, weight: 1, port: 1, try DNSName("example.com")), timeToLive: 1)
    ]
    #expect(try message.encoded().count == 12 + 17 + 2 + 10 + 6 + 13)
  }

  @Test func `a name of SRV may be compressed when it is read`() throws {
    let bytes: [UInt8] = [
      0, 1, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0x61, 0, 0, 33, 0, 1,
      0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 5, 0, 8, 0, 1, 0, 2, 0, 3, 0xc0, 12,
    ]
    let a = try DNSName("a")
    #expect(
      try DNSMessage(decoding: bytes).answers == [
        DNSRecord(a, .srv(priority: 1, weight: 2, port: 3, a), timeToLive: 5)
      ])
  }

  @Test func `names beyond the reach of a pointer are written in full`() throws {
    var message = DNSMessage(header: DNSHeader(id: 1))
    message.answers = try (0..<2_000).map { number in
      DNSRecord(try DNSName("host\(number).example.com"), .txt([Array("0123456789".utf8)]), timeToLive: 1)
    }
    #expect(try message.encoded().count > 0x8000)
    #expect(try DNSMessage(decoding: message.encoded()) == message)
  }

  @Test func `a long response code needs EDNS and gets it`() throws {
    var message = DNSMessage.response(to: .query(.root, .a, id: 1, edns: nil), .badVersion)
    #expect(try DNSMessage(decoding: message.encoded()).header.responseCode == .badVersion)
    message.header.responseCode = DNSResponseCode(rawValue: 0xfff)
    #expect(try DNSMessage(decoding: message.encoded()).header.responseCode.rawValue == 0xfff)
  }

  @Test func `what does not fit is truncated and says so`() throws {
    let query = DNSMessage.query(try DNSName("example.com"), .txt, id: 9, edns: nil)
    var answer = DNSMessage.response(to: query)
    answer.answers = (0..<9).map { _ in
      DNSRecord(query.questions[0].name, .txt([Array(repeating: 1, count: 60)]), timeToLive: 1)
    }
    let short = try DNSMessage(decoding: answer.encoded(truncatedTo: 512))
    #expect(short.header.isTruncated && short.answers.isEmpty && short.questions == query.questions)
    #expect(try DNSMessage(decoding: answer.encoded(truncatedTo: 4096)) == answer)
  }

  @Test func `what has no form is not written`() throws {
    var message = DNSMessage(header: DNSHeader(id: 1))
    message.answers = [DNSRecord(.root, .txt([Array(repeating: 0, count: 256)]), timeToLive: 1)]
    #expect(throws: DNSError.stringTooLong(count: 256)) { try message.encoded() }
    message.answers = [DNSRecord(.root, .other(.any, Array(repeating: 0, count: 65_536)), timeToLive: 1)]
    #expect(throws: DNSError.messageTooLong) { try message.encoded() }
    message.answers = (0..<3).map { _ in
      DNSRecord(.root, .other(.any, Array(repeating: 0, count: 30_000)), timeToLive: 1)
    }
    #expect(throws: DNSError.messageTooLong) { try message.encoded() }
    message.answers = []
    message.questions = Array(repeating: DNSQuestion(.root, .a), count: 65_536)
    #expect(throws: DNSError.tooManyRecords) { try message.encoded() }
  }

  @Test func `numbers have names`() {
    #expect(DNSQuestion(.root, .aaaa).description == ". IN AAAA")
    #expect(DNSType(rawValue: 99).description == "TYPE99")
    #expect(DNSClass(rawValue: 9).description == "CLASS9")
    #expect("\(DNSResponseCode.serverFailure) \(DNSResponseCode(rawValue: 9))" == "SERVFAIL RCODE9")
  }

  @Test func `a header is read without the rest of its message`() throws {
    var message = DNSMessage.response(to: .query(try DNSName("a.example"), .a, id: 0x1234), .refused)
    message.header.isAuthoritative = true
    let bytes = try message.encoded()
    #expect(try DNSHeader(decoding: bytes) == message.header)
    // Any bytes may follow.
    #expect(try DNSHeader(decoding: Array(bytes[..<12]) + [0xff]) == message.header)
    #expect(throws: DNSError.truncated(offset: 0)) { try DNSHeader(decoding: Array(bytes[..<11])) }
  }
}
