// SPDX-License-Identifier: Apache-2.0
// Our client with other implementations' servers: every page of a site, many at once, compared byte for byte.

import AsyncIO
import AsyncIOTesting
import Foundation
import TestSupport
import Testing

@testable import AsyncIOHTTP

@Suite("Other servers", .timeLimit(.minutes(3)), .serialized) struct PeerTests {
  /// Page sizes from 0 to 1 MB, most of them small, like real pages.
  private static func size(of page: Int) -> Int {
    switch page {
    case 0: 0
    case 1: 1
    case 2: 1_000_000
    case 3..<20: page * 40_000 + 1
    case 20..<60: 1 << (page % 20)
    default: page * 37 % 20_000
    }
  }

  private func makeSite(pages: Int) throws -> URL {
    let folder = try temporaryFolder()
    for page in 0..<pages {
      try Data(pattern(Self.size(of: page), seed: UInt64(page))).write(to: folder.appendingPathComponent("\(page).bin"))
    }
    return folder
  }

  /// Fetches all pages and returns those that differ.
  private static func differences(_ site: String, pages: Int, connections: Int) async throws -> [Int] {
    var configuration = HTTPClient.Configuration()
    configuration.connectionsPerOrigin = connections
    let client = HTTPClient(configuration)
    return try await withThrowingTaskGroup(of: Int?.self) { group in
      for page in 0..<pages {
        group.addTask {
          let response = try await client.get("\(site)/\(page).bin")
          let bytes = try await response.bytes()
          return response.status == 200 && bytes == pattern(size(of: page), seed: UInt64(page)) ? nil : page
        }
      }
      var different: [Int] = []
      for try await page in group { if let page { different.append(page) } }
      return different
    }
  }

  @Test(arguments: BackendKind.real)
  func `nginx: 2,500 pages over kept connections, byte for byte`(backend: BackendKind) async throws {
    let folder = try makeSite(pages: 2500)
    defer { try? FileManager.default.removeItem(at: folder) }
    let peer = try PeerServer.nginx(serving: folder)
    defer { peer.stop() }
    let url = peer.url
    // nginx closes a connection after 100 requests: some reused connections are stale.
    let different = try await withEventLoop(backend: backend) {
      try await Self.differences(url, pages: 2500, connections: 20)
    }
    #expect(different == [])
    let missing = try await withEventLoop(backend: backend) { try await fetch("\(url)/missing").status }
    #expect(missing == 404)
  }

  @Test(arguments: BackendKind.real)
  func `Python's http.server: 2,000 pages over connections that close, byte for byte`(backend: BackendKind) async throws
  {
    let folder = try makeSite(pages: 2000)
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("sub"), withIntermediateDirectories: true)
    let peer = try PeerServer.python(serving: folder)
    defer { peer.stop() }
    let url = peer.url
    let different = try await withEventLoop(backend: backend) {
      try await Self.differences(url, pages: 2000, connections: 20)
    }
    #expect(different == [])
    // A folder without its slash is redirected.
    let listing = try await withEventLoop(backend: backend) { try await fetch("\(url)/sub") }
    #expect(listing.status == 200 && listing.url.target == "/sub/")
  }
}
