// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec
import Testing

struct ResponseReadingTests {
  private func transcript(_ text: String, to methods: HTTPMethod...) throws -> String {
    try responseTranscript(Array(text.utf8), to: methods).description
  }

  @Test func `a head gives its status, reason, version and fields`() throws {
    var parser = HTTP1ResponseParser(respondingTo: .get)
    let bytes = Array("HTTP/1.0 404 Not Found\r\nServer:  a b \r\nX-Empty:\r\nServer: c\r\n\r\n".utf8)
    var offset = 0
    guard case .head(let head) = try parser.next(in: bytes, at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(offset == bytes.count)
    #expect(head.status == 404 && head.reason == "Not Found" && head.version == .http1_0)
    #expect(head.fields.map(\.name) == ["Server", "X-Empty", "Server"])
    #expect(head.fields.values(of: "SERVER") == ["a b", "c"])
    #expect(head.fields["x-empty"] == "" && head.fields["absent"] == nil)
  }

  @Test func `a body with a length ends there and leaves the rest of the input`() throws {
    var parser = HTTP1ResponseParser(respondingTo: .get)
    let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1".utf8)
    var offset = 0
    var body: [UInt8] = []
    while let event = try parser.next(in: bytes, at: &offset) {
      if case .body(let range) = event { body += bytes[range] }
    }
    #expect(body == Array("hello".utf8))
    #expect(parser.hasEnded && offset == bytes.count - 8)
    #expect(try parser.next(in: bytes, at: &offset) == nil && offset == bytes.count - 8)
  }

  @Test func `chunks are joined, extensions skipped, trailers reported`() throws {
    #expect(
      try transcript(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0002\r\nde\r\n0\r\nSum: 5\r\n\r\n")
        == "HTTP/1.1 200 OK chunked alive=true\nTransfer-Encoding=chunked\n"
        + "body abcde\ntrailers\nSum=5\nend\nfinished\n")
  }

  @Test func `without framing fields the body goes on until the connection closes`() throws {
    #expect(
      try transcript("HTTP/1.1 200 OK\r\n\r\nall of it")
        == "HTTP/1.1 200 OK untilClose alive=false\nbody all of it\nend\nfinished\n")
  }

  @Test(arguments: ["gzip", "identity", "chunked, gzip", "x;a=b", ""])
  func `a response whose last coding is not chunked goes on until the connection closes`(coding: String) throws {
    #expect(
      try transcript("HTTP/1.1 200 OK\r\nTransfer-Encoding: \(coding)\r\n\r\n5\r\ncoded")
        == "HTTP/1.1 200 OK untilClose alive=false\nTransfer-Encoding=\(coding)\nbody 5\r\ncoded\nend\nfinished\n")
  }

  @Test func `the same Location twice is one`() throws {
    #expect(
      try transcript("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation:  /a \r\nContent-Length: 0\r\n\r\n")
        == "HTTP/1.1 302 Found contentLength(0) alive=true\nLocation=/a\nLocation=/a\nContent-Length=0\nend\nfinished\n"
    )
  }

  @Test func `an empty body until close ends with the connection`() throws {
    #expect(try transcript("HTTP/1.1 200 OK\r\n\r\n") == "HTTP/1.1 200 OK untilClose alive=false\nend\nfinished\n")
  }

  @Test(arguments: [
    ("HEAD", "200"), ("GET", "204"), ("GET", "304"), ("CONNECT", "200"), ("CONNECT", "299"), ("GET", "101"),
  ])
  func `some responses have no body whatever their fields say`(method: String, status: String) throws {
    let method = try #require(HTTPMethod(method))
    var parser = HTTP1ResponseParser(respondingTo: method)
    let bytes = Array("HTTP/1.1 \(status) X\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nafter".utf8)
    var offset = 0
    var events = 0
    while let event = try parser.next(in: bytes, at: &offset) {
      events += 1
      if case .head(let head) = event { #expect(head.framing == .none) }
    }
    #expect(events == 2 && parser.hasEnded && offset == bytes.count - 5)
    #expect(parser.hasSwitchedProtocols == (method == .connect || status == "101"))
  }

  @Test func `informational responses come before the final one`() throws {
    #expect(
      try transcript("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 204 \r\n\r\n")
        == "informational 100 Continue\ninformational 103 Hints\nA=b\nHTTP/1.1 204  none alive=true\nend\nfinished\n")
  }

  @Test func `pipelined responses are read in turn, each with its own method`() throws {
    #expect(
      try transcript(
        "HTTP/1.1 200 A\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 B\r\nContent-Length: 1\r\n\r\nb", to: .head, .get)
        == "HTTP/1.1 200 A none alive=true\nContent-Length=9\nend\n"
        + "HTTP/1.1 200 B contentLength(1) alive=true\nContent-Length=1\nbody b\nend\nfinished\n")
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x\r\nConnection: y, Close\r\n\r\n", false),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: closed\r\n\r\n", true),
    ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false),
    ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", true),
    ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive, close\r\n\r\n", false),
    ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", false),
    ("HTTP/1.1 101 Go\r\n\r\n", false),
  ])
  func `the connection is kept when version, Connection and framing allow it`(text: String, kept: Bool) throws {
    var parser = HTTP1ResponseParser(respondingTo: .get)
    var offset = 0
    guard case .head(let head) = try parser.next(in: Array(text.utf8), at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(head.keepsConnectionAlive == kept)
  }

  @Test func `a folded line is read as one with spaces`() throws {
    var parser = HTTP1ResponseParser(respondingTo: .head)
    let text = "HTTP/1.1 200 OK\r\nA: one\r\n two \r\n\t\r\n three\r\nB:\r\n b\r\nC: c\r\n\r\n"
    var offset = 0
    guard case .head(let head) = try parser.next(in: Array(text.utf8), at: &offset) else {
      Issue.record("no head")
      return
    }
    #expect(head.fields["a"] == "one   two   \t   three")
    #expect(head.fields["b"] == "b" && head.fields["c"] == "c")
  }

  @Test func `a folded Content-Length is read before it frames the body`() {
    #expect(responseError("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n ,6\r\n\r\n")?.kind == .conflictingContentLengths)
  }

  @Test func `finish after the end has nothing to add`() throws {
    var parser = HTTP1ResponseParser(respondingTo: .head)
    var offset = 0
    let bytes = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
    while try parser.next(in: bytes, at: &offset) != nil {}
    #expect(try parser.finish() == nil)
  }
}
