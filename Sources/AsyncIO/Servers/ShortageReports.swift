// SPDX-License-Identifier: Apache-2.0
// accept(2) fails for two kinds of reasons: the peer's, which concern one connection that is gone, and this machine's, as
// a rule a shortage (EMFILE, ENFILE, ENOBUFS, ENOMEM) or a filter that forbids the call (EPERM), which last. By its
// number alone an error is not always one or the other: what every attempt fails with is not the peers'. Every
// connection that ends and every attempt in between may run into the same shortage again: it is reported when it begins,
// and again only after a minute without one.

import AsyncIOCore
import Glibc

struct ShortageReports {
  private static let quiet: Int64 = 60_000_000_000
  /// So many errors in a row, without anything that succeeded, are no longer taken for the peers'.
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

  /// As a completion carries it: nothing that waiting for would help is wrong with the listener, and whoever asked to
  /// connect is gone. Linux hands on what the network said of the new connection (accept(2)).
  static func isPeers(_ result: Int32) -> Bool {
    [ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ENONET, EPERM, EINTR]
      .contains(-result)
  }
}
