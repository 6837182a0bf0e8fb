// SPDX-License-Identifier: Apache-2.0
// The loop at work, without a network: a site of 1,000 pages and its client on one loop. Each page takes 20 ms to
// answer, like a real site's, so that fetching them one after another is mostly waiting.

import AsyncIO
import AsyncIOHTTP

struct DemoCommand: Command {
  static let name = "demo"
  static let abstract = "Fetches 1,000 pages of a local site, one after another and concurrently."
  static let discussion = "It takes about a second, listens on 127.0.0.1 meanwhile, and needs no network."

  init(_ arguments: Arguments) {}

  func run() throws { try EventLoop.run(onInterrupt: .throwError) { try await Demonstration().run() } }
}

@MainActor private struct Demonstration {
  private let pages = 1_000
  private let sample = 25
  private let connections = 250
  private static let delay = Duration.milliseconds(20)

  func run() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0, options: ServerOptions(backlog: 1024)) { stream in
      try await Demonstration.servePages(stream)
    }
    defer { server.close() }
    let site = "http://127.0.0.1:\(server.port)"
    Terminal.print(
      "A site of \(pages.grouped) pages at \(site)/, each of which takes 20 ms to answer "
        + "(backend \(EventLoop.current.backendKind), one thread)\n")

    let one = HTTPClient()
    let inTurn = try await time {
      for page in 0..<sample { try await fetch(page, of: site, with: one) }
    }
    let extrapolated = inTurn * Double(pages) / Double(sample)
    Terminal.print(
      "  one after another  \(sample.grouped.aligned(to: 5)) pages in \(inTurn.rounded(toPlaces: 2)) s"
        + "   extrapolated to \(pages.grouped): \(extrapolated.rounded(toPlaces: 1)) s")

    var configuration = HTTPClient.Configuration()
    configuration.connectionsPerOrigin = connections
    let many = HTTPClient(configuration)
    let atOnce = try await time {
      let tasks = (0..<pages).map { page in Task { try await fetch(page, of: site, with: many) } }
      for task in tasks { try await task.value }
    }
    Terminal.print(
      "  concurrently       \(pages.grouped.aligned(to: 5)) pages in \(atOnce.rounded(toPlaces: 2)) s"
        + "   \(pages.grouped) tasks, \(connections) connections\n")
    Terminal.print("\(Int((extrapolated / atOnce).rounded()).grouped) times as fast, by the extrapolated time.")
  }

  /// Answers the requests of one connection in turn: they have no bodies.
  private static func servePages(_ stream: ByteStream) async throws {
    while let request = try? await stream.readUntil(Array("\r\n\r\n".utf8)) {
      try await sleep(delay)
      let target = String(decoding: request.split(separator: UInt8(ascii: " "))[1], as: UTF8.self)
      let page = "<h1>\(target)</h1>\n"
      try await stream.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: \(page.utf8.count)\r\n\r\n\(page)")
    }
  }

  private func fetch(_ page: Int, of site: String, with client: HTTPClient) async throws {
    let response = try await client.get("\(site)/pages/\(page)")
    let text = try await response.text()
    guard response.status == 200, text == "<h1>/pages/\(page)</h1>\n" else {
      throw CommandFailure(.failed, "demo: \(response.url): \(response.status), \(text.utf8.count) bytes")
    }
  }

  private func time(_ body: () async throws -> Void) async throws -> Double {
    let start = EventLoop.current.time
    try await body()
    return start.duration(to: EventLoop.current.time).inSeconds
  }
}
