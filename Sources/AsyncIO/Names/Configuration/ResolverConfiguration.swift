// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// How a stub resolver finds its answers: what /etc/resolv.conf says, resolv.conf(5), and /etc/hosts.
///
/// ```swift
/// var configuration = ResolverConfiguration(servers: [SocketAddress("192.0.2.53", port: 53)!])
/// configuration.timeout = .seconds(1)
/// let resolver = Resolver.stub(configuration)
/// for address in try await resolve("example.com", port: 443, using: resolver) { print(address) }
/// ```
public struct ResolverConfiguration: Hashable, Sendable {
  /// The name servers, in the order in which to ask them. Empty: the one of this machine, 127.0.0.1, port 53.
  public var servers: [SocketAddress]
  /// The domains that a short name is looked up in.
  public var search: [String] = []
  /// A name with fewer dots than that is looked up in the search domains first.
  public var ndots = 1
  /// How long a server has for its answer to one query.
  public var timeout = Duration.seconds(5)
  /// How often each server is asked before the look-up has timed out.
  public var attempts = 2
  /// Whether the servers take turns in being asked first.
  public var rotates = false
  /// Whether queries go over TCP from the start, and not only where an answer is too long for UDP.
  public var usesTCP = false
  /// Whether IPv6 addresses are not asked for.
  public var skipsIPv6 = false
  /// Names that are known without asking anyone.
  public var hosts = HostsFile()
  /// How many answers are kept until their time to live is over; 0 for none.
  public var cacheCapacity = 4096

  /// - Parameter servers: The name servers, in the order in which to ask them.
  public init(servers: [SocketAddress]) { self.servers = servers }

  /// From the text of a file as resolv.conf(5) describes it. What it can't mean is passed over, as libc does.
  ///
  /// ```swift
  /// let configuration = ResolverConfiguration(parsing: "nameserver 192.0.2.53\nsearch example.com\noptions ndots:2")
  /// ```
  ///
  /// - Parameter hostName: This machine's; if the file names no domain to search in, it is the host's.
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
