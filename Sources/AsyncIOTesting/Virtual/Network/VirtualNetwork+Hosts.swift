// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

extension VirtualNetwork {
  /// Returns the address of a host, and adds the host if the name is new. 10.0.0.1 is `localhost`, the next ones are
  /// 10.0.0.2 and so on. Upper and lower case do not matter.
  package mutating func addHost(_ name: String) -> SocketAddress {
    let name = name.lowercased()
    if let known = hosts[name] { return known }
    let number = hosts.count + 1
    precondition(number < 65_536, "there is room for 65,535 virtual hosts")
    guard let address = SocketAddress("10.0.\(number >> 8).\(number & 255)", port: 0) else { fatalError("unreachable") }
    hosts[name] = address
    hostNames[address] = name
    return address
  }

  /// The result of looking up a name or a numeric address; empty if the host does not exist.
  package func addresses(ofHost host: String, port: UInt16) -> [SocketAddress] {
    if let numeric = SocketAddress(host, port: port) { return [numeric] }
    var name = host.lowercased()
    // Every name of this network is absolute, so a final dot changes nothing.
    if name.hasSuffix(".") { name.removeLast() }
    // RFC 6761, §6.3.
    if name == "localhost" || name.hasSuffix(".localhost") { return [.loopback(port: port)] }
    guard var address = hosts[name] else { return [] }
    address.port = port
    return [address]
  }

  /// How many sockets the programs in this network have open.
  package var openSockets: Int { descriptors.count }

  /// The name of the host with this address.
  package func name(ofHost address: SocketAddress) -> String? {
    var host = address
    host.port = 0
    return Self.loopbacks.contains(host) ? "localhost" : hostNames[host]
  }

  /// Whether an address is the current host's.
  func isLocal(_ address: SocketAddress) -> Bool {
    if address.family == .unix { return true }
    var host = address
    host.port = 0
    return Self.loopbacks.contains(host) || hostNames[host] == "localhost"
  }

  /// Whether a host has this address.
  func exists(_ address: SocketAddress) -> Bool {
    if address.family == .unix { return true }
    var host = address
    host.port = 0
    return Self.loopbacks.contains(host) || hostNames[host] != nil
  }

  func isWildcard(_ address: SocketAddress) -> Bool {
    var host = address
    host.port = 0
    return Self.wildcards.contains(host)
  }

  /// The listening descriptor for connections to this address.
  func listener(at address: SocketAddress) -> Int32? {
    if let exact = listeners[address]?.first { return exact }
    guard isLocal(address) else { return nil }
    for var wildcard in Self.wildcards where wildcard.family == address.family {
      wildcard.port = address.port
      if let descriptor = listeners[wildcard]?.first { return descriptor }
    }
    return nil
  }

  private static let loopbacks = ["127.0.0.1", "::1"].compactMap { SocketAddress($0, port: 0) }
  private static let wildcards = ["0.0.0.0", "::"].compactMap { SocketAddress($0, port: 0) }
}
