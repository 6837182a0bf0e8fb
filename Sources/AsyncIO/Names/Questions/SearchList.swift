// SPDX-License-Identifier: Apache-2.0

import DNSWire

/// The names to try, one after the other, for a possibly short name: resolv.conf(5), `search` and `ndots`.
enum SearchList {
  /// - Parameters:
  ///   - dots: The number of dots in the name.
  ///   - isAbsolute: Whether the name ends in a dot: then it is tried only as it is.
  static func candidates(
    for name: DNSName, dots: Int, isAbsolute: Bool, search: [String], ndots: Int
  ) -> [DNSName] {
    if isAbsolute { return [name] }
    // Skip invalid domains, and those that make the name too long.
    let within = search.compactMap { try? DNSName(name.description + $0) }.filter(\.isHostName)
    return dots >= ndots ? [name] + within : within + [name]
  }
}
