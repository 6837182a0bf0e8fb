// SPDX-License-Identifier: Apache-2.0
// One run of `aio fetch`. It fetches as many pages at once as the limit allows, and has one task for each. So there are
// never more tasks than connections, however long the list is.

import AsyncIO
import AsyncIOHTTP

@MainActor final class FetchRun {
  struct Options {
    let concurrency: Int
    let retry: RetryPolicy
    let timeout: Duration
    let output: PageOutput
  }

  private let list: URLList
  private let options: Options
  private let client: HTTPClient
  private var summary: FetchSummary
  private var bar: ProgressBar

  init(_ list: URLList, _ options: Options) {
    self.list = list
    self.options = options
    var configuration = HTTPClient.Configuration()
    configuration.connectionsPerOrigin = options.concurrency
    configuration.timeouts = HTTPTimeouts(
      connect: min(options.timeout, .seconds(10)), idle: options.timeout, total: options.timeout)
    client = HTTPClient(configuration)
    summary = FetchSummary(start: EventLoop.current.time)
    bar = ProgressBar(total: list.urls.count)
  }

  /// Returns nil if every page was fetched.
  func run() async throws -> ExitStatus? {
    for malformed in list.malformed { report(Failure(malformed)) }
    if list.urls.isEmpty { return list.malformed.isEmpty ? nil : .usage }
    // Only the cancellation of this run ends it early, and that is reported below.
    _ = try? await gather(list.urls, limit: options.concurrency) { url in
      await fetch(url)
      bar.update(done: summary.done, failed: summary.failed, bytes: summary.bytes)
    }
    bar.clear()
    if !writesBodyToOutput || Task.isCancelled { Terminal.print(summary.line(at: EventLoop.current.time)) }
    try Task.checkCancellation()
    return summary.failed == 0 ? nil : .failed
  }

  private var writesBodyToOutput: Bool {
    if case .standardOutput = options.output { true } else { false }
  }

  private func fetch(_ url: HTTPURL) async {
    do {
      let (status, count) = try await retry(options.retry) { _ in try await fetchOnce(url) }
      succeeded(url, status, count)
    } catch let failure as Failure where !Task.isCancelled {
      report(failure)
    } catch {
      // The page was cancelled together with all others.
    }
  }

  /// Returns the status and the length of the body.
  private func fetchOnce(_ url: HTTPURL) async throws -> (status: Int, count: Int) {
    do {
      let response = try await client.get(url)
      guard 200..<300 ~= response.status else { throw Failure(response.status, reason: response.reason, of: url) }
      return (response.status, try await store(response, of: url))
    } catch let error where error is CancellationError || error is Failure {
      throw error
    } catch {
      throw Failure(error)
    }
  }

  /// Stores the body and returns its length.
  private func store(_ response: HTTPResponse, of url: HTTPURL) async throws -> Int {
    switch options.output {
    case .none: return try await drain(response) { _ in }
    case .standardOutput:
      // Print only a complete page: one that fails in its middle is fetched again.
      let bytes = try await response.bytes(upTo: .max)
      bytes.withUnsafeBytes { Terminal.write($0, to: 1) }
      return bytes.count
    case .folder(let folder):
      let file = try folder.begin(url)
      let count = try await drain(response) { try file.write($0) }
      try file.finish()
      return count
    }
  }

  private func drain(_ response: HTTPResponse, _ body: ([UInt8]) throws -> Void) async throws -> Int {
    var count = 0
    for try await piece in response.body {
      try body(piece)
      count += piece.count
    }
    return count
  }

  // MARK: - Telling

  private func succeeded(_ url: HTTPURL, _ status: Int, _ count: Int) {
    summary.add(bytes: count)
    if !writesBodyToOutput && !Terminal.outputIsTerminal { Terminal.print("\(status) \(count) \(url)") }
  }

  private func report(_ failure: Failure) {
    summary.add(failure)
    bar.clear()
    Terminal.complain(failure.message)
  }
}
