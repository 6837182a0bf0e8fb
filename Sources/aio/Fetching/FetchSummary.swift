// SPDX-License-Identifier: Apache-2.0

import AsyncIO

/// The counts of a run, for its last line.
struct FetchSummary {
  private let start: EventLoop.Instant
  private(set) var fetched = 0
  private(set) var bytes = 0
  private var failures: [String: Int] = [:]

  init(start: EventLoop.Instant) { self.start = start }

  var failed: Int { failures.values.reduce(0, +) }
  var done: Int { fetched + failed }

  mutating func add(bytes count: Int) {
    fetched += 1
    bytes += count
  }

  mutating func add(_ failure: Failure) { failures[failure.kind, default: 0] += 1 }

  /// `998 pages, 1.0 MB in 0.42 s (2,376 pages/s); 2 failed: 1 status 404, 1 timed out`.
  func line(at now: EventLoop.Instant) -> String {
    let seconds = max(start.duration(to: now).inSeconds, 0.000_001)
    let rate = Int((Double(fetched) / seconds).rounded())
    let pages = fetched == 1 ? "1 page" : "\(fetched.grouped) pages"
    let head = "\(pages), \(bytes.asBytes) in \(seconds.rounded(toPlaces: 2)) s (\(rate.grouped) pages/s)"
    if failures.isEmpty { return head }
    let kinds = failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value.grouped) \($0.key)" }
    return "\(head); \(failed.grouped) failed: \(kinds.joined(separator: ", "))"
  }
}
