// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Glibc

/// Which peers a server believes: the proxies before it, by their networks.
///
/// ```swift
/// var options = HTTPServerOptions()
/// options.trustedPeers = ["10.0.0.0/8", "127.0.0.1", "unix"]
/// ```
public struct TrustedPeers: Hashable, Sendable, ExpressibleByArrayLiteral {
  private struct Network: Hashable {
    let bytes: [UInt8]
    let bits: Int

    func contains(_ address: [UInt8]) -> Bool {
      guard address.count == bytes.count else { return false }
      let whole = bits / 8
      guard address[..<whole].elementsEqual(bytes[..<whole]) else { return false }
      let rest = bits % 8
      return rest == 0 || (address[whole] ^ bytes[whole]) >> (8 - rest) == 0
    }
  }

  private var networks: [Network] = []
  private var trustsUnix = false

  /// Nobody.
  public init() {}

  /// Networks written in the program. A text that is not a network traps: for input from elsewhere use `insert`.
  public init(arrayLiteral networks: String...) {
    for network in networks { require(insert(network), "TrustedPeers: \(network) is not a network") }
  }

  /// Adds a network.
  ///
  /// ```swift
  /// var peers = TrustedPeers()
  /// assert(peers.insert("2001:db8::/32") && !peers.insert("example.org"))
  /// ```
  ///
  /// - Parameter network: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`, or `unix` for the peers of Unix sockets.
  /// - Returns: False if the text is something else.
  public mutating func insert(_ network: String) -> Bool {
    if network == "unix" {
      trustsUnix = true
      return true
    }
    let parts = network.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let bytes = Self.bytes(of: String(parts[0])) else { return false }
    var bits = bytes.count * 8
    if parts.count == 2 {
      guard let given = Int(parts[1]), 0...bits ~= given else { return false }
      bits = given
    }
    networks.append(Network(bytes: bytes, bits: bits))
    return true
  }

  /// Whether a peer is one of them.
  public func contains(_ peer: SocketAddress?) -> Bool {
    guard let peer else { return trustsUnix }
    if peer.family == .unix { return trustsUnix }
    return contains(host: peer.host)
  }

  var isEmpty: Bool { networks.isEmpty && !trustsUnix }

  func contains(host: String) -> Bool {
    guard !networks.isEmpty, let bytes = Self.bytes(of: host) else { return false }
    return networks.contains { $0.contains(bytes) }
  }

  static func isNumeric(_ host: String) -> Bool { bytes(of: host) != nil }

  /// The bytes of a numeric address: four, also of an IPv4 address within IPv6, or sixteen.
  private static func bytes(of host: String) -> [UInt8]? {
    // A zone says by which interface, not who.
    let host = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? host
    if host.utf8.contains(0) { return nil }
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, host, &bytes) == 1 { return Array(bytes[..<4]) }
    guard inet_pton(AF_INET6, host, &bytes) == 1 else { return nil }
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    return bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
  }
}
