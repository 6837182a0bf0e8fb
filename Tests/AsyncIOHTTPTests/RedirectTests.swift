// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@testable import AsyncIOHTTP

@Suite("Redirects", .timeLimit(.minutes(1))) struct RedirectTests {
  /// Answers `/301` with a redirect of that status to `/end`, which says how it was asked.
  private func start() async throws -> Server {
    try await startSmallHTTPServer { request in
      if let status = Int(request.target.dropFirst()) {
        return ServedResponse(status, fields: ["location": "end?from=\(status)"], text: "moved")
      }
      let type = request.fields["content-type"] ?? "-"
      return ServedResponse(200, text: "\(request.method) \(request.body.count) \(type) #\(request.number)")
    }
  }

  @Test("keep or change the method as RFC 9110 says", arguments: [301, 302, 303, 307, 308])
  func methods(status: Int) async throws {
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

  @Test("to another origin leave credentials behind", arguments: BackendKind.all)
  func credentials(backend: BackendKind) async throws {
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
      #expect(try await fetch(server.url("/away"), fields: fields).text() == "- 1")
      server.close()
      other.close()
    }
  }

  @Test("that go round in a circle end with a named error", arguments: BackendKind.all)
  func loops(backend: BackendKind) async throws {
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

  @Test("without Location are responses; to nonsense they are errors", arguments: BackendKind.all)
  func oddTargets(backend: BackendKind) async throws {
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
