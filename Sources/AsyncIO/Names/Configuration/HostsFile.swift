// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Names and addresses as /etc/hosts has them, hosts(5): a line has an address, a name, and aliases.
///
/// ```swift
/// let hosts = HostsFile(parsing: "192.0.2.7  db.example.com db  # the database\n2001:db8::7  db")
/// print(hosts.addresses(of: "DB").map(\.host))  // ["192.0.2.7", "2001:db8::7"]
/// ```
public struct HostsFile: Hashable, Sendable {
  private var addresses: [String: [SocketAddress]] = [:]
  private var names: [SocketAddress: [String]] = [:]

  /// An empty one.
  public init() {}

  /// From the text of a file. Lines that begin with no numeric address are passed over.
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

  /// The addresses of a name, in the order of the file and with port 0. Names are the same in upper and lower case, and
  /// with a dot at the end.
  public func addresses(of name: String) -> [SocketAddress] { addresses[HostName.canonicalFromRoot(name)] ?? [] }

  /// The names of an address in the order of the file, the official one before its aliases. The port doesn't matter.
  public func names(of address: SocketAddress) -> [String] {
    var address = address
    address.port = 0
    return names[address] ?? []
  }

  public var isEmpty: Bool { addresses.isEmpty }
}
