// SPDX-License-Identifier: Apache-2.0
// accept(2) fails for two kinds of reasons. The peer's concern one connection that is gone. This machine's last: as a
// rule a shortage (EMFILE, ENFILE, ENOBUFS, ENOMEM), or a filter that forbids the call (EPERM). The number of an error
// does not always tell which: an error of every attempt is not the peers'.
//
// Every attempt, and every connection that ends, may run into the same shortage again. So a shortage is reported when
// it begins, and again only after a minute without one.

import AsyncIOCore
import Glibc

struct ShortageReports {
  private static let quiet: Int64 = 60_000_000_000
  /// After so many errors in a row, without a success, they are no longer taken for the peers'.
  private static let mostOfPeers = 64
  private var last: Int64?
  private var failures = 0

  /// Whether a shortage that is met now is a new one.
  mutating func isNews(at now: Int64) -> Bool {
    defer { last = now }
    return last.map { now - $0 > Self.quiet } ?? true
  }

  /// Something has succeeded, or gives a reason for an error of its own.
  mutating func reset() { failures = 0 }

  /// Counts a failure; whether it is one of too many.
  mutating func lasts() -> Bool {
    failures += 1
    return failures >= Self.mostOfPeers
  }

  /// Whether accept failed because of the peer; `result` is a completion's, a negative errno. The listener is fine and
  /// can accept again at once. Linux hands on what the network said of the new connection (accept(2)).
  static func isPeers(_ result: Int32) -> Bool {
    [ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ENONET, EPERM, EINTR]
      .contains(-result)
  }
}
