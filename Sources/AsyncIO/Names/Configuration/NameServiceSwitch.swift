// SPDX-License-Identifier: Apache-2.0
// Whether our resolver finds what libc would find. libc has sources of names that we don't: mDNS, systemd's resolver,
// LDAP. Where a machine is set up to ask one of them, libc is asked, since an answer that is faster and another one is no
// good. It is the rule of Go's resolver, and stricter: what stands after `dns` counts as well.

/// What /etc/nsswitch.conf says of hosts, nsswitch.conf(5).
struct NameServiceSwitch: Hashable, Sendable {
  /// The sources, in order, with the actions between them.
  private(set) var hosts: [String]

  /// - Parameter text: Nil if there is no such file: then it is /etc/hosts and DNS.
  init(parsing text: String?) {
    hosts = ["files", "dns"]
    guard let text else { return }
    forEachLine(of: text, comments: [UInt8(ascii: "#")]) { fields in
      guard fields[0].hasPrefix("hosts:") else { return }
      let first = fields[0].dropFirst("hosts:".count)
      hosts = (first.isEmpty ? [] : [String(first)]) + fields.dropFirst()
    }
  }

  /// Whether that is what the stub resolver does: /etc/hosts and then DNS.
  var isFilesThenDNS: Bool { hosts == ["files", "dns"] }
}
