// SPDX-License-Identifier: Apache-2.0

import AsyncIOHTTP

/// Fetches a page repeatedly with one client, several requests at a time, and reads the bodies.
@MainActor func measureClient(_ url: String, count: Int, concurrency: Int) async throws -> Report {
  var configuration = HTTPClient.Configuration()
  configuration.connectionsPerOrigin = concurrency
  let client = HTTPClient(configuration)
  var started = 0
  var succeeded = 0
  var bytes = 0
  let stopwatch = Stopwatch()
  let fetchers = (0..<concurrency).map { _ in
    Task {
      while started < count {
        started += 1
        let response = try await client.get(url)
        let body = try await response.bytes()
        if response.status == 200 { succeeded += 1 }
        bytes += body.count
      }
    }
  }
  for fetcher in fetchers { try await fetcher.value }
  return stopwatch.report(operations: count).adding("ok", Double(succeeded)).adding("bytes", Double(bytes))
}
