// SPDX-License-Identifier: Apache-2.0

import DNSWire

/// Which names to ask for, one after the other, when somebody wants the address of a short one: resolv.conf(5), `search`
/// and `ndots`.
enum SearchList {
  /// - Parameters:
  ///   - dots: How many the name has.
  ///   - isAbsolute: Whether it ends in a dot: then it is meant as it stands.
  static func candidates(
    for name: DNSName, dots: Int, isAbsolute: Bool, search: [String], ndots: Int
  ) -> [DNSName] {
    if isAbsolute { return [name] }
    // A domain that is none, or that makes the name too long, has nothing to offer.
    let within = search.compactMap { try? DNSName(name.description + $0) }.filter(\.isHostName)
    return dots >= ndots ? [name] + within : within + [name]
  }
}
