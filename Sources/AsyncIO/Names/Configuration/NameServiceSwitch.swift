// SPDX-License-Identifier: Apache-2.0
// Decides whether our resolver finds what libc would find. libc has sources of names that we don't: mDNS, systemd's
// resolver, LDAP. A machine that is set up for one of them uses libc: a faster answer is worthless if it differs. The
// rule is that of Go's resolver, and stricter: sources after `dns` count too.

/// The `hosts` line of /etc/nsswitch.conf, nsswitch.conf(5).
struct NameServiceSwitch: Hashable, Sendable {
  /// The sources in order, with the actions between them.
  private(set) var hosts: [String]

  /// - Parameter text: The file's text; nil if it doesn't exist: then the sources are /etc/hosts and DNS.
  init(parsing text: String?) {
    hosts = ["files", "dns"]
    guard let text else { return }
    forEachLine(of: text, comments: [UInt8(ascii: "#")]) { fields in
      guard fields[0].hasPrefix("hosts:") else { return }
      let first = fields[0].dropFirst("hosts:".count)
      hosts = (first.isEmpty ? [] : [String(first)]) + fields.dropFirst()
    }
  }

  /// Whether the sources are those of the stub resolver: /etc/hosts and then DNS.
  var isFilesThenDNS: Bool { hosts == ["files", "dns"] }
}
