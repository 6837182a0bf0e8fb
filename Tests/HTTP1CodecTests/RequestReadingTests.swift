// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec
import Testing

struct RequestReadingTests {
  private func head(_ text: String) throws -> HTTP1RequestHead {
    var parser = HTTP1RequestParser()
    var offset = 0
    guard case .head(let head) = try parser.next(in: Array(text.utf8), at: &offset) else {
      throw ContractBroken(description: "no head in \(text)")
    }
    return head
  }

  @Test func `a head gives its method, target, version and fields`() throws {
    let head = try head("PURGE /a%20b?c={d} HTTP/1.1\r\nHost: h:1\r\nX: y\r\n\r\n")
    #expect(head.method == HTTPMethod("PURGE") && head.target == "/a%20b?c={d}" && head.version == .http1_1)
    #expect(head.targetForm == .origin && head.framing == .none && head.fields.count == 2)
  }

  @Test func `methods are told apart by case`() throws {
    #expect(try head("get / HTTP/1.1\r\nHost: h\r\n\r\n").method != .get)
  }

  @Test func `the four forms of a target are told apart`() throws {
    #expect(try head("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n").targetForm == .absolute)
    for target in ["HTTP://h", "https://h:443/", "http://h:/", "http://h?q", "http://[::1]:80/a?b", "http://1.2.3.4/@"]
    {
      let head = try head("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(head.targetForm == .absolute && head.target == target)
    }
    #expect(try head("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n").targetForm == .authority)
    #expect(try head("CONNECT [::1]:443 HTTP/1.1\r\nHost: h\r\n\r\n").targetForm == .authority)
    #expect(try head("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").targetForm == .asterisk)
  }

  @Test func `a minor version above 1 counts as 1_1, and 1_0 needs no Host`() throws {
    #expect(try head("GET / HTTP/1.5\r\nHost: h\r\n\r\n").version == .http1_1)
    let old = try head("GET / HTTP/1.0\r\n\r\n")
    #expect(old.version == .http1_0 && !old.keepsConnectionAlive)
  }

  @Test func `bodies with a length and chunks are read, and pipelined requests follow`() throws {
    let text =
      "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
      + "POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nT: u\r\n\r\n"
      + "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n"
    #expect(
      try requestTranscript(Array(text.utf8)).description == """
        POST /1 HTTP/1.1 contentLength(2) alive=true
        Host=h
        Content-Length=2
        body hi
        end
        POST /2 HTTP/1.1 chunked alive=true
        Host=h
        Transfer-Encoding=chunked
        body abc
        trailers
        T=u
        end
        GET /3 HTTP/1.1 none alive=true
        Host=h
        end
        finished

        """)
  }

  @Test func `a request without framing fields has no body`() throws {
    var parser = HTTP1RequestParser()
    let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\nrest".utf8)
    var offset = 0
    while try parser.next(in: bytes, at: &offset) != nil {}
    #expect(parser.hasEnded && offset == bytes.count - 4)
  }

  @Test func `a parser is idle until the first byte and again after startNext`() throws {
    var parser = HTTP1RequestParser()
    #expect(parser.isIdle)
    var offset = 0
    _ = try parser.next(in: Array("G".utf8), at: &offset)
    #expect(!parser.isIdle)
    offset = 0
    while try parser.next(in: Array("ET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8), at: &offset) != nil {}
    #expect(parser.hasEnded && !parser.isIdle)
    parser.startNext()
    #expect(parser.isIdle)
    try parser.finish()
  }

  @Test func `a client that waits for 100 Continue is noticed`() throws {
    let fields = "Host: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"
    #expect(try head("POST / HTTP/1.1\r\n" + fields).expectsContinue)
    #expect(try !head("POST / HTTP/1.0\r\n" + fields).expectsContinue)
    #expect(try !head("GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n").expectsContinue)
  }

  @Test func `a chunk size may be as large as an Int`() {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(requestError(head + "7fffffffffffffff\r\nabc")?.kind == .endedInsideBody)
    #expect(requestError(head + "0000000000000001\r\na\r\n0\r\n\r\n") == nil)
  }

  @Test(arguments: [17, 33, 1000]) func `a chunk size may begin with zeros`(digits: Int) throws {
    let text =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      + String(repeating: "0", count: digits - 1) + "5;a=b\r\nhello\r\n" + String(repeating: "0", count: digits)
      + "\r\n\r\n"
    #expect(try requestTranscript(Array(text.utf8)).description.contains("\nbody hello\nend\nfinished\n"))
  }

  @Test(arguments: [", chunked", "chunked,", ",, chunked ,\t,", ",\r\nTransfer-Encoding: chunked"])
  func `empty elements of Transfer-Encoding are passed over`(value: String) throws {
    let head = try head("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \(value)\r\n\r\n")
    #expect(head.framing == .chunked)
  }

  @Test func `TRACE and CONNECT may say that their body is empty`() throws {
    for line in ["TRACE /", "CONNECT h:1"] {
      let head = try head("\(line) HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
      #expect(head.framing == .contentLength(0))
    }
  }

  @Test func `a value keeps bytes that are not UTF-8`() throws {
    var parser = HTTP1RequestParser()
    var offset = 0
    let bytes = Array("GET / HTTP/1.0\r\nX: a".utf8) + [0xE9, 0x09, 0xFF] + Array("b\r\n\r\n".utf8)
    guard case .head(let head) = try parser.next(in: bytes, at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(Array(head.fields.valueBytes(at: 0)) == [0x61, 0xE9, 0x09, 0xFF, 0x62])
    #expect(head.fields["x"] == "a\u{FFFD}\t\u{FFFD}b")
  }
}
