// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Redirects", .timeLimit(.minutes(1))) struct RedirectTests {
  /// Answers `/301` with a redirect of that status to `/end`, which describes the request it got.
  private func start() async throws -> Server {
    try await startSmallHTTPServer { request in
      if let status = Int(request.target.dropFirst()) {
        return ServedResponse(status, fields: ["location": "end?from=\(status)"], text: "moved")
      }
      let type = request.fields["content-type"] ?? "-"
      return ServedResponse(200, text: "\(request.method) \(request.body.count) \(type) #\(request.number)")
    }
  }

  @Test(arguments: [301, 302, 303, 307, 308])
  func `keep or change the method as RFC 9110 says`(status: Int) async throws {
    try await withEventLoop(backend: .epoll) {
      let server = try await start()
      let client = HTTPClient()
      let keeps = status >= 307
      let get = try await client.get(server.url("/\(status)"))
      #expect(get.url.target == "/end?from=\(status)")
      #expect(try await get.text() == "GET 0 - #2")
      let post = try await client.request(
        .post, server.url("/\(status)"), fields: ["content-type": "text/plain"], body: [1, 2, 3])
      #expect(try await post.text() == (keeps ? "POST 3 text/plain #4" : "GET 0 - #4"))
      let put = try await client.request(.put, server.url("/\(status)"), body: [1])
      #expect(try await put.text() == (status == 303 ? "GET 0 - #6" : "PUT 1 - #6"))
      let head = try await client.request(.head, server.url("/\(status)"))
      #expect(head.status == 200 && head.url.target == "/end?from=\(status)")
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `to another origin leave behind what is not known to be harmless`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let other = try await startSmallHTTPServer { request in
        ServedResponse(200, text: "\(request.fields["authorization"] ?? "-") \(request.fields["x-a"] ?? "-")")
      }
      let target = other.url("/x")
      let server = try await startSmallHTTPServer { request in
        if request.target == "/away" { return ServedResponse(302, fields: ["location": target]) }
        if request.target == "/here" { return ServedResponse(302, fields: ["location": "/end"]) }
        return ServedResponse(200, text: "\(request.fields["authorization"] ?? "-") \(request.fields["x-a"] ?? "-")")
      }
      let fields: HTTPFields = ["Authorization": "secret", "x-a": "1"]
      #expect(try await fetch(server.url("/here"), fields: fields).text() == "secret 1")
      #expect(try await fetch(server.url("/away"), fields: fields).text() == "- -")
      var configuration = HTTPClient.Configuration()
      configuration.redirects.fieldsForOtherOrigins.append("X-A")
      let client = HTTPClient(configuration)
      #expect(try await client.get(server.url("/away"), fields: fields).text() == "- 1")
      server.close()
      other.close()
    }
  }

  @Test(arguments: [302, 307])
  func `to another origin take along what says in which form`(status: Int) async throws {
    try await withEventLoop(backend: .virtual) {
      let other = try await startSmallHTTPServer { request in
        let names = request.fields.map { $0.name.lowercased() }.sorted().joined(separator: " ")
        return ServedResponse(200, text: "\(request.method) \(request.body.count) \(names)")
      }
      let target = other.url("/x")
      let server = try await startSmallHTTPServer { _ in ServedResponse(status, fields: ["location": target]) }
      var configuration = HTTPClient.Configuration()
      // The configuration's secrets are secrets, too.
      try configuration.fields.append("x-token", "secret")
      let fields: HTTPFields = [
        "Accept-Language": "de", "Content-Type": "text/plain", "Range": "bytes=0-1", "x-api-key": "secret",
        "Referer": "http://secret/", "Cookie": "a=b", "Cookie2": "c", "Origin": "http://a", "Proxy-Authorization": "d",
      ]
      let client = HTTPClient(configuration)
      let text = try await client.request(.post, server.url(), fields: fields, body: [1, 2, 3]).text()
      #expect(
        text
          == (status == 302
            ? "GET 0 accept accept-language host range user-agent"
            : "POST 3 accept accept-language content-length content-type host range user-agent"))
      server.close()
      other.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `that would take a body to another origin are refused where that is set`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let other = try await startSmallHTTPServer { ServedResponse(200, text: "\($0.method) \($0.body.count)") }
      let target = other.url("/x")
      let server = try await startSmallHTTPServer { request in
        let status = Int(request.target.dropFirst()) ?? 0
        return status == 0
          ? ServedResponse(200, text: "here \(request.body.count)")
          : ServedResponse(status, fields: ["location": request.fields["x-to"] ?? target])
      }
      var configuration = HTTPClient.Configuration()
      configuration.redirects.sendsBodyToOtherOrigins = false
      let client = HTTPClient(configuration)
      let error = try await #require(throws: HTTPError.self) {
        try await client.request(.post, server.url("/307"), body: [1, 2])
      }
      #expect(
        "\(error)" == "post \(server.url("/307")): refused a redirect to \(target): with the body to another origin")
      #expect(try await client.request(.post, server.url("/303"), body: [1, 2]).text() == "GET 0")
      #expect(try await client.get(server.url("/307")).text() == "GET 0")
      #expect(
        try await client.request(.post, server.url("/308"), fields: ["x-to": "/"], body: [1, 2]).text() == "here 2")
      #expect(try await fetch(server.url("/307"), method: .post, body: [1, 2]).text() == "POST 2")
      server.close()
      other.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `are followed though Location has what no URL may have`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { request in
        switch request.target {
        case "/1": ServedResponse(302, fields: ["location": "/Z\u{FC}rich"])
        case "/2": ServedResponse(302, fields: ["location": "a b|c"])
        case "/3": ServedResponse(302, fields: ["location": "/[1]?q=[2]#\u{E9}"])
        case "/4": ServedResponse(302, fields: ["location": ""], text: "/here")
        default: ServedResponse(200, text: request.target)
        }
      }
      for (path, target) in [
        ("/1", "/Z%C3%BCrich"), ("/2", "/a%20b%7Cc"), ("/3", "/%5B1%5D?q=%5B2%5D"), ("/4", "/here"),
      ] {
        #expect(try await fetch(server.url(path)).text() == target)
      }
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `to two places at once are malformed`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let scripted = try await ScriptedServer([
        .request, .send("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"), .hang,
      ])
      let error = try await #require(throws: HTTPError.self) { try await fetch(scripted.url()) }
      #expect(
        "\(error)"
          == "get \(scripted.url()): HTTP response: Location is given twice with different values (\"/b\")")
      scripted.server.close()
    }
  }

  @Test(.virtualTime) func `do not wait for long for a body that nobody reads`() async throws {
    let server = try await startSmallHTTPServer { _ in ServedResponse(200, text: "there") }
    let scripted = try await ScriptedServer([
      .request, .send("HTTP/1.1 302 Found\r\nLocation: \(server.url())\r\nContent-Length: 9\r\n\r\n"), .hang,
    ])
    let start = EventLoop.current.time
    #expect(try await fetch(scripted.url()).text() == "there")
    #expect(start.duration(to: EventLoop.current.time) <= .milliseconds(600))
    var configuration = HTTPClient.Configuration()
    configuration.unreadBodyTimeLimit = .zero
    #expect(try await HTTPClient(configuration).get(scripted.url()).text() == "there")
    #expect(start.duration(to: EventLoop.current.time) <= .milliseconds(700))
    scripted.server.close()
    server.close()
  }

  @Test(arguments: BackendKind.all)
  func `that go round in a circle end with a named error`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let requests = Count()
      let server = try await startSmallHTTPServer { _ in
        requests.next()
        return ServedResponse(302, fields: ["location": "/again"])
      }
      let error = try await #require(throws: HTTPError.self) { try await fetch(server.url()) }
      #expect("\(error)" == "get \(server.url("/again")): more than 20 redirects")
      #expect(requests.current == 21)
      var configuration = HTTPClient.Configuration()
      configuration.maximumRedirects = 0
      #expect(try await HTTPClient(configuration).get(server.url()).status == 302)
      server.close()
    }
  }

  @Test(arguments: BackendKind.all)
  func `without Location are responses; to nonsense they are errors`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await startSmallHTTPServer { request in
        switch request.target {
        case "/nonsense": ServedResponse(301, fields: ["location": "http://"])
        default: ServedResponse(301, text: "nowhere")
        }
      }
      #expect(try await fetch(server.url("/none")).text() == "nowhere")
      let nonsense = try await #require(throws: HTTPError.self) { try await fetch(server.url("/nonsense")) }
      guard case .invalidRedirect = nonsense.kind else { throw nonsense }
      server.close()
    }
  }
}
