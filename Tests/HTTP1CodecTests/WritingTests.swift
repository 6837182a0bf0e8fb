// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec
import TestSupport
import Testing

struct WritingTests {
  private func text(_ body: (inout [UInt8]) throws -> Void) rethrows -> String {
    var bytes: [UInt8] = []
    try body(&bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func kind(_ body: (inout [UInt8]) throws -> Void) -> HTTP1Error.Kind? {
    var bytes = Array("before".utf8)
    defer { #expect(bytes == Array("before".utf8), "nothing is appended on an error") }
    do {
      try body(&bytes)
      return nil
    } catch { return (error as? HTTP1Error)?.kind }
  }

  @Test func `a request without a body is its head`() throws {
    let written = try text { bytes in
      var writer = try HTTP1MessageWriter.request(
        .get, target: "/a?b", host: "h:81", fields: ["accept": "*/*", "x": ""], into: &bytes)
      try writer.end(into: &bytes)
    }
    #expect(written == "GET /a?b HTTP/1.1\r\nHost: h:81\r\naccept: */*\r\nx: \r\n\r\n")
  }

  @Test func `a POST without content says so`() throws {
    let written = try text { bytes in
      _ = try HTTP1MessageWriter.request(.post, target: "/", host: "h", into: &bytes)
    }
    #expect(written == "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
  }

  @Test func `a body with a length is written as it is`() throws {
    let written = try text { bytes in
      var writer = try HTTP1MessageWriter.request(
        .put, target: "/", host: "", framing: .contentLength(5), into: &bytes)
      try writer.write(Array("he".utf8), into: &bytes)
      try writer.write([], into: &bytes)
      try writer.write(Array("llo".utf8), into: &bytes)
      try writer.end(into: &bytes)
      #expect(writer.hasEnded && writer.keepsConnectionAlive)
    }
    #expect(written == "PUT / HTTP/1.1\r\nHost: \r\nContent-Length: 5\r\n\r\nhello")
  }

  @Test func `chunks carry their size, empty pieces do not end the body, trailers come last`() throws {
    let written = try text { bytes in
      var writer = try HTTP1MessageWriter.request(.put, target: "/", host: "h", framing: .chunked, into: &bytes)
      try writer.write(Array("hello".utf8), into: &bytes)
      try writer.write([], into: &bytes)
      try writer.beginPiece(of: 26, into: &bytes)
      bytes += Array("abcdefghijklmnopqrstuvwxyz".utf8)
      writer.endPiece(into: &bytes)
      try writer.end(trailers: ["sum": "1"], into: &bytes)
    }
    #expect(
      written == "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nsum: 1\r\n\r\n")
  }

  @Test func `a response has its registered reason and its framing`() throws {
    let written = try text { bytes in
      var writer = try HTTP1MessageWriter.response(
        status: 404, fields: ["server": "s"], framing: .contentLength(2), into: &bytes)
      try writer.write(Array("no".utf8), into: &bytes)
      try writer.end(into: &bytes)
    }
    #expect(written == "HTTP/1.1 404 Not Found\r\nserver: s\r\nContent-Length: 2\r\n\r\nno")
  }

  @Test func `a response is fitted to what it answers`() throws {
    func head(
      _ status: Int, _ framing: HTTP1BodyFraming, to method: HTTPMethod = .get, _ version: HTTP1Version = .http1_1,
      keeps: Bool = true
    ) throws -> String {
      try text { bytes in
        var writer = try HTTP1MessageWriter.response(
          status: status, reason: "R", framing: framing, answering: method, version: version,
          keepsConnectionAlive: keeps, into: &bytes)
        if framing != .none { try writer.write(Array("ab".utf8), into: &bytes) }
        try writer.end(into: &bytes)
      }
    }
    #expect(try head(200, .none) == "HTTP/1.1 200 R\r\nContent-Length: 0\r\n\r\n")
    #expect(try head(204, .none) == "HTTP/1.1 204 R\r\n\r\n")
    #expect(try head(304, .none) == "HTTP/1.1 304 R\r\n\r\n")
    #expect(try head(101, .none) == "HTTP/1.1 101 R\r\n\r\n")
    #expect(try head(200, .none, to: .connect) == "HTTP/1.1 200 R\r\n\r\n")
    #expect(try head(200, .none, to: .head) == "HTTP/1.1 200 R\r\n\r\n")
    #expect(try head(200, .contentLength(2), to: .head) == "HTTP/1.1 200 R\r\nContent-Length: 2\r\n\r\n")
    #expect(try head(200, .chunked, to: .head) == "HTTP/1.1 200 R\r\nTransfer-Encoding: chunked\r\n\r\n")
    #expect(try head(304, .contentLength(2)) == "HTTP/1.1 304 R\r\nContent-Length: 2\r\n\r\n")
    #expect(try head(200, .untilClose) == "HTTP/1.1 200 R\r\nConnection: close\r\n\r\nab")
    #expect(try head(200, .chunked, to: .get, .http1_0) == "HTTP/1.1 200 R\r\nConnection: close\r\n\r\nab")
    #expect(
      try head(200, .contentLength(2), to: .get, .http1_0)
        == "HTTP/1.1 200 R\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab")
    #expect(
      try head(200, .contentLength(2), keeps: false)
        == "HTTP/1.1 200 R\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab")
  }

  @Test func `informational responses have no framing`() throws {
    #expect(
      try text { try HTTP1MessageWriter.informational(status: 100, into: &$0) } == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(kind { try HTTP1MessageWriter.informational(status: 101, into: &$0) } == .invalidStatusCode)
    #expect(kind { try HTTP1MessageWriter.informational(status: 200, into: &$0) } == .invalidStatusCode)
  }

  @Test func `what would break out of its place is rejected by name`() {
    func request(_ target: String, host: String = "h", _ method: HTTPMethod = .get) -> HTTP1Error.Kind? {
      kind { _ = try HTTP1MessageWriter.request(method, target: target, host: host, into: &$0) }
    }
    #expect(request("/a b") == .invalidTarget)
    #expect(request("/a\r\nX: y") == .invalidTarget)
    #expect(request("") == .invalidTarget)
    #expect(request("/a#b") == .invalidTarget)
    #expect(request("a") == .invalidTargetForm)
    #expect(request("*") == .invalidTargetForm)
    #expect(request("/", host: "h\r\nX: y") == .invalidHost)
    #expect(request("/", host: "a@b") == .invalidHost)
    #expect(kind { _ = try HTTP1MessageWriter.response(status: 99, into: &$0) } == .invalidStatusCode)
    #expect(kind { _ = try HTTP1MessageWriter.response(status: 100, into: &$0) } == .invalidStatusCode)
    #expect(
      kind { _ = try HTTP1MessageWriter.response(status: 200, reason: "a\r\nb", into: &$0) } == .invalidReasonPhrase)
  }

  @Test(arguments: [(HTTPMethod.trace, "/"), (.connect, "h:443")])
  func `a request that has no body is not written with one`(method: HTTPMethod, target: String) throws {
    for framing in [HTTP1BodyFraming.contentLength(1), .chunked] {
      #expect(
        kind { _ = try HTTP1MessageWriter.request(method, target: target, host: "h", framing: framing, into: &$0) }
          == .bodyNotAllowed)
    }
  }

  @Test(arguments: ["ftp://h/", "http://u@h/", "http://h:99999/", "http:///a"])
  func `an absolute target that nobody may be asked for is not written`(target: String) {
    #expect(
      kind { _ = try HTTP1MessageWriter.request(.get, target: target, host: "h", into: &$0) } == .invalidTargetForm)
  }

  @Test func `a request can be written in each form of target`() throws {
    for (method, target) in [(HTTPMethod.options, "*"), (.connect, "h:443"), (.get, "http://h/a"), (.get, "/")] {
      let written = try text { _ = try HTTP1MessageWriter.request(method, target: target, host: "h", into: &$0) }
      #expect(written == "\(method) \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
    }
  }

  @Test(arguments: ["Content-Length", "transfer-encoding", "HOST"])
  func `fields that the writer owns are rejected`(name: String) throws {
    var fields = HTTPFields()
    try fields.append(name, "5")
    #expect(
      kind { _ = try HTTP1MessageWriter.request(.get, target: "/", host: "h", fields: fields, into: &$0) }
        == .framingFieldInFields)
  }

  @Test func `a body must be what was declared`() throws {
    var head: [UInt8] = []
    var short = try HTTP1MessageWriter.response(status: 200, framing: .contentLength(2), into: &head)
    #expect(kind { try short.end(into: &$0) } == .bodyShorterThanDeclared)
    #expect(kind { try short.write([1, 2, 3], into: &$0) } == .bodyLongerThanDeclared)
    try short.write([1, 2], into: &head)
    #expect(kind { try short.end(trailers: ["a": "b"], into: &$0) } == .trailersNotAllowed)
    try short.end(into: &head)
    #expect(kind { try short.end(into: &$0) } == .writtenAfterEnd)
    #expect(kind { try short.write([], into: &$0) } == .writtenAfterEnd)
    var empty = try HTTP1MessageWriter.request(.get, target: "/", host: "h", into: &head)
    #expect(kind { try empty.write([1], into: &$0) } == .bodyNotAllowed)
    #expect(kind { _ = try HTTP1MessageWriter.response(status: 204, framing: .chunked, into: &$0) } == .bodyNotAllowed)
    #expect(
      kind { _ = try HTTP1MessageWriter.request(.get, target: "/", host: "h", framing: .untilClose, into: &$0) }
        == .invalidFraming)
    #expect(
      kind { _ = try HTTP1MessageWriter.response(status: 200, framing: .contentLength(-1), into: &$0) }
        == .invalidFraming)
  }

  @Test func `what the writers write the parsers read`() throws {
    var random = SplitMix64(seed: 3)
    for _ in 0..<500 {
      let body = (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
      let framing: HTTP1BodyFraming = random.below(2) == 0 ? .chunked : .contentLength(body.count)
      var request: [UInt8] = []
      var writer = try HTTP1MessageWriter.request(
        .post, target: "/x", host: "h", fields: ["a": "b"], framing: framing, into: &request)
      var response: [UInt8] = []
      var answer = try HTTP1MessageWriter.response(status: 201, fields: ["c": "d"], framing: framing, into: &response)
      var rest = body[...]
      while !rest.isEmpty {
        let piece = Array(rest.prefix(1 + random.below(9)))
        rest = rest.dropFirst(piece.count)
        try writer.write(piece, into: &request)
        try answer.write(piece, into: &response)
      }
      try writer.end(into: &request)
      try answer.end(into: &response)

      var parser = HTTP1RequestParser()
      var read: [UInt8] = []
      var offset = 0
      while let event = try parser.next(in: request, at: &offset) {
        if case .body(let range) = event { read += request[range] }
        if case .head(let head) = event { #expect(head.framing == framing && head.fields["a"] == "b") }
      }
      #expect(parser.hasEnded && offset == request.count && read == body)

      var client = HTTP1ResponseParser(respondingTo: .post)
      read = []
      offset = 0
      while let event = try client.next(in: response, at: &offset) {
        if case .body(let range) = event { read += response[range] }
        if case .head(let head) = event { #expect(head.status == 201 && head.fields["c"] == "d") }
      }
      #expect(client.hasEnded && offset == response.count && read == body)
    }
  }
}
