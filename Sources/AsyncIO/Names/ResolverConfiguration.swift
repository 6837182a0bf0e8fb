// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// The configuration of a stub resolver: the contents of /etc/resolv.conf, resolv.conf(5), and of /etc/hosts.
///
/// ```swift
/// var configuration = ResolverConfiguration(servers: [SocketAddress("192.0.2.53", port: 53)!])
/// configuration.timeout = .seconds(1)
/// let resolver = Resolver.stub(configuration)
/// for address in try await resolve("example.com", port: 443, using: resolver) { print(address) }
/// ```
public struct ResolverConfiguration: Hashable, Sendable {
  /// The name servers, in the order in which to ask them. If empty, this machine's: 127.0.0.1, port 53.
  public var servers: [SocketAddress]
  /// The domains in which short names are looked up.
  public var search: [String] = []
  /// Names with fewer dots than this are looked up in the search domains first.
  public var ndots = 1
  /// How long a server may take to answer one query.
  public var timeout = Duration.seconds(5)
  /// How often each server is asked before the look-up times out.
  public var attempts = 2
  /// Whether the servers take turns at being asked first.
  public var rotates = false
  /// Whether queries go over TCP from the start, and not only if an answer is too long for UDP.
  public var usesTCP = false
  /// Whether IPv6 addresses are left out.
  public var skipsIPv6 = false
  /// The names that are answered without a query.
  public var hosts = HostsFile()
  /// The most answers that are cached for their TTL; 0 for no cache.
  public var cacheCapacity = 4096

  /// Makes a configuration with defaults for all else.
  ///
  /// - Parameter servers: The name servers, in the order in which to ask them.
  public init(servers: [SocketAddress]) { self.servers = servers }

  /// Parses the text of a file in the format of resolv.conf(5). Invalid parts are skipped, as libc does.
  ///
  /// ```swift
  /// let configuration = ResolverConfiguration(parsing: "nameserver 192.0.2.53\nsearch example.com\noptions ndots:2")
  /// ```
  ///
  /// - Parameter hostName: This machine's name. If the file names no search domain, the domain is taken from it.
  public init(parsing text: String, hostName: String = "") {
    self.init(servers: [])
    let domain = hostName.firstIndex(of: ".").map { hostName[hostName.index(after: $0)...] }
    if let domain, !domain.isEmpty { search = [String(domain)] }
    forEachLine(of: text, comments: [UInt8(ascii: "#"), UInt8(ascii: ";")]) { fields in
      switch fields[0] {
      case "nameserver":
        if servers.count < Self.mostServers, fields.count > 1, let server = SocketAddress(fields[1], port: 53) {
          servers.append(server)
        }
      case "domain": search = fields.count > 1 ? [fields[1]] : []
      case "search": search = Array(fields.dropFirst())
      case "options": for option in fields.dropFirst() { set(option) }
      default: break
      }
    }
    search.removeAll { $0 == "." }
  }

  /// MAXNS of resolv.conf(5).
  private static let mostServers = 3

  private mutating func set(_ option: String) {
    let parts = option.split(separator: ":", maxSplits: 1)
    let number = parts.count == 2 ? Int(parts[1]) : nil
    switch parts.first {
    case "ndots": if let number { ndots = min(max(number, 0), 15) }
    case "timeout": if let number { timeout = .seconds(min(max(number, 1), 30)) }
    case "attempts": if let number { attempts = min(max(number, 1), 5) }
    case "rotate": rotates = true
    case "use-vc", "usevc", "tcp": usesTCP = true
    case "no-aaaa": skipsIPv6 = true
    default: break
    }
  }

  /// The servers to ask.
  var askedServers: [SocketAddress] { servers.isEmpty ? [.loopback(port: 53)] : servers }
}

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
