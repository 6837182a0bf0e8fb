// SPDX-License-Identifier: Apache-2.0

import AsyncIO

struct FetchCommand: Command {
  static let name = "fetch"
  static let abstract = "Fetches pages over http and https, many at a time."
  static let discussion = """
    One URL without -o or --from: its body goes to standard output. Otherwise each page is a line (its status, its \
    size, its URL), or on a terminal a part of a progress bar, and the last line sums up. A page that fails is a line \
    on standard error and does not stop the others; a URL that is none counts as a failed page. Each page is fetched \
    once, however often it is named.

    Connection errors, time-outs and statuses 500 to 599 are tried again, after 0.1 s, 0.2 s, 0.4 s, ... (at most \
    5 s) less a random part of up to a half.

    Exit status: 0 if all pages were fetched, 1 if any failed, 64 for a wrong command line or if no URL is one, 66 if \
    the list can't be read, 73 if the folder can't be written to, 74 if standard output can't be, 130 after Ctrl-C.
    """

  static let options = [
    CommandOption(name: "-c", value: "n", help: "How many pages to fetch at a time. (default: 100)"),
    CommandOption(name: "-o", value: "dir", help: "The folder to store the pages in; it is made if need be."),
    CommandOption(name: "--retries", value: "n", help: "How often to try a page again. (default: 2)"),
    CommandOption(name: "--timeout", value: "s", help: "How long each try may take, in seconds. (default: 30)"),
    CommandOption(name: "--from", value: "file", help: "A file with a URL on each line; - is standard input."),
  ]
  static let argument: (name: String, help: String)? = ("url", "What to fetch: https://...")

  private let concurrency: Int
  private let folder: String?
  private let retries: Int
  private let timeout: Double
  private let from: String?
  private let urls: [String]

  init(_ arguments: Arguments) throws {
    concurrency = try arguments.value("-c") ?? 100
    folder = arguments.text("-o")
    retries = try arguments.value("--retries") ?? 2
    timeout = try arguments.value("--timeout") ?? 30
    from = arguments.text("--from")
    urls = arguments.rest
  }

  private func check() throws {
    if urls.isEmpty && from == nil { throw wrong("nothing to fetch; name a URL or --from a file") }
    if !(1...10_000).contains(concurrency) { throw wrong("-c \(concurrency): must be a number from 1 to 10000") }
    if !(0...100).contains(retries) { throw wrong("--retries \(retries): must be a number from 0 to 100") }
    if !(timeout > 0 && timeout <= 86_400) {
      throw wrong("--timeout \(timeout): must be in seconds, more than 0 and at most 86400")
    }
    if folder == "" { throw wrong("-o: needs a folder") }
  }

  private func wrong(_ message: String) -> CommandFailure { CommandFailure(.usage, "fetch: \(message)") }

  func run() throws {
    try check()
    let listed = try from.map { try URLList.read($0) } ?? []
    let list = URLList(urls + listed)
    let output: PageOutput
    if let folder {
      output = .folder(try OutputFolder(folder))
    } else {
      output = from == nil && urls.count == 1 ? .standardOutput : .none
    }
    let backoff = Backoff(first: .milliseconds(100), factor: 2, maximum: .seconds(5), jitter: .equal)
    let retry = RetryPolicy(attempts: retries + 1, backoff: backoff) { ($0 as? Failure)?.mayBeTriedAgain ?? false }
    let options = FetchRun.Options(
      concurrency: concurrency, retry: retry, timeout: .seconds(timeout), output: output)
    let status = try EventLoop.run(onInterrupt: .throwError) { try await FetchRun(list, options).run() }
    if let status { throw CommandFailure(status) }
  }
}
