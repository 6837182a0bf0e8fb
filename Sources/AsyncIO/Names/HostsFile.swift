// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// The names and addresses of /etc/hosts, hosts(5): a line has an address, a name, and aliases.
///
/// ```swift
/// let hosts = HostsFile(parsing: "192.0.2.7  db.example.com db  # the database\n2001:db8::7  db")
/// print(hosts.addresses(of: "DB").map(\.host))  // ["192.0.2.7", "2001:db8::7"]
/// ```
public struct HostsFile: Hashable, Sendable {
  private var addresses: [String: [SocketAddress]] = [:]
  private var names: [SocketAddress: [String]] = [:]

  /// Makes an empty one.
  public init() {}

  /// Parses the text of a file. Lines that don't begin with a numeric address are skipped.
  public init(parsing text: String) {
    forEachLine(of: text, comments: [UInt8(ascii: "#")]) { fields in
      guard fields.count > 1, let address = SocketAddress(fields[0], port: 0) else { return }
      for name in fields.dropFirst() { add(name, address) }
    }
  }

  private mutating func add(_ name: String, _ address: SocketAddress) {
    let name = HostName.canonicalFromRoot(name)
    if addresses[name]?.contains(address) == true { return }
    addresses[name, default: []].append(address)
    names[address, default: []].append(name)
  }

  /// The addresses of a name, in the order of the file and with port 0. Upper and lower case don't differ, and a final
  /// dot is ignored.
  public func addresses(of name: String) -> [SocketAddress] { addresses[HostName.canonicalFromRoot(name)] ?? [] }

  /// The names of an address in the order of the file, the official name before its aliases. The port is ignored.
  public func names(of address: SocketAddress) -> [String] {
    var address = address
    address.port = 0
    return names[address] ?? []
  }

  /// Whether it has no entries.
  public var isEmpty: Bool { addresses.isEmpty }
}
