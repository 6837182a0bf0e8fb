// SPDX-License-Identifier: Apache-2.0

/// When to try a page again: exponential backoff with jitter, so that those that failed together do not come back
/// together.
struct RetryPolicy {
  let retries: Int
  private static let first = 0.1
  private static let longest = 5.0

  /// How long to wait after the try with this number, the first being 0; nil if it was the last.
  func delay(after attempt: Int) -> Duration? {
    guard attempt < retries else { return nil }
    var delay = Self.first
    for _ in 0..<attempt where delay < Self.longest { delay *= 2 }
    return .seconds(min(delay, Self.longest) * Double.random(in: 0.5...1))
  }
}
