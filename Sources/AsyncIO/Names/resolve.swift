// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Glibc

/// Looks up the addresses of a host for a TCP connection, in the order in which to try them; asyncio's `getaddrinfo`.
///
/// ```swift
/// for address in try await resolve("localhost", port: 80) { print(address) }
/// ```
///
/// A numeric host is its own answer, and `localhost` and the names within it mean this machine (RFC 6761, §6.3). Other
/// names are looked up in the way that the machine is set up for, see `Resolver`. By default that is in /etc/hosts,
/// then by asking the name servers of /etc/resolv.conf, for IPv6 and IPv4 addresses at the same time. Answers are
/// cached for their TTL, negative answers included. Tasks of a loop that ask for a name at the same time share one
/// look-up. The order is that of RFC 6724.
///
/// A final dot makes a name absolute: the search domains are skipped. As in libc, a name has letters, digits, hyphens
/// and underscores. Any other name, such as `*.example.org`, is `NameError.Reason.malformed`. An IPv6 address may have
/// a zone: `fe80::1%eth0`.
///
/// - Parameters:
///   - family: IPv4 or IPv6 only; nil for both.
///   - resolver: The resolver to use; nil for the task's, `Resolver.current`.
/// - Throws: `NameError`, with the reason. `CancellationError` if the task is cancelled: the look-up goes on if other
///   tasks wait for it, and ends otherwise.
public nonisolated(nonsending) func resolve(
  _ host: String, port: UInt16, family: SocketAddress.Family? = nil, using resolver: Resolver? = nil
) async throws -> [SocketAddress] {
  try await onCurrentLoop { try await $0.resolve(host, port: port, family: family, using: resolver) }
}

/// Looks up the host name of an address; asyncio's `getnameinfo`.
///
/// ```swift
/// let peer = SocketAddress("192.0.2.7", port: 0)!
/// print(try await hostName(of: peer))
/// ```
///
/// It is looked up in /etc/hosts, then by a PTR query (RFC 1035, §3.5). The owner of the address chooses the name, and
/// may choose any. Before you trust a name, resolve it and check that the address is among the results.
///
/// - Parameters:
///   - address: The address; its port is ignored.
///   - resolver: The resolver to use; nil for the task's, `Resolver.current`.
/// - Throws: `NameError`: `.notFound` if the address has no name, `.unacceptableName` if its name isn't a valid host
///   name. `CancellationError` as `resolve` does.
public nonisolated(nonsending) func hostName(
  of address: SocketAddress, using resolver: Resolver? = nil
) async throws -> String {
  try await onCurrentLoop { try await $0.hostName(of: address, using: resolver) }
}

extension EventLoop {
  /// Throws `DeadlinePassed` at a time of this loop's clock.
  nonisolated(nonsending) func resolve(
    _ host: String, port: UInt16, family: SocketAddress.Family? = nil, using resolver: Resolver? = nil,
    until deadline: Int64 = .max
  ) async throws -> [SocketAddress] {
    if let numeric = SocketAddress(host, port: port) {
      guard family == nil || family == numeric.family else { throw NameError(host: host, .noAddress(family)) }
      return [numeric]
    }
    if family == .unix { throw NameError(host: host, .noAddress(.unix)) }
    if let problem = HostNameSyntax.problem(in: host) { throw NameError(host: host, .malformed(problem)) }
    let resolver = resolver ?? .current
    var addresses: [SocketAddress]
    if let known = resolver.socketsWithNames(of: self)?.addresses(ofHost: host, port: port) {
      if known.isEmpty { throw NameError(host: host, .notFound) }
      addresses = known
      if let family { addresses.removeAll { $0.family != family } }
    } else {
      let start = DebugMode.isOn ? time : nil
      let key = NameKey.addresses(host: HostName.canonical(host), family)
      addresses = try await lookUp(key, of: host, using: resolver, until: deadline).addresses
      if let start { DebugMode.log("the look-up of \(host) took \(start.duration(to: time))") }
    }
    if addresses.isEmpty { throw NameError(host: host, .noAddress(family)) }
    for index in addresses.indices { addresses[index].port = port }
    return addresses
  }

  nonisolated(nonsending) func hostName(
    of address: SocketAddress, using resolver: Resolver? = nil, until deadline: Int64 = .max
  ) async throws -> String {
    guard address.family != .unix else {
      throw NameError(host: address.host, .malformed("it is a Unix socket, which no host has"))
    }
    let resolver = resolver ?? .current
    if let sockets = resolver.socketsWithNames(of: self) {
      guard let name = sockets.hostName(of: address) else { throw NameError(host: address.host, .notFound) }
      return name
    }
    var key = address
    key.port = 0
    let names = try await lookUp(.name(of: key), of: address.host, using: resolver, until: deadline).names
    guard let first = names.first else { throw NameError(host: address.host, .notFound) }
    return first
  }

  /// - Parameter host: The host, for the error.
  private nonisolated(nonsending) func lookUp(
    _ key: NameKey, of host: String, using resolver: Resolver, until deadline: Int64
  ) async throws -> NameAnswer {
    let stub = resolver.stub(on: self)
    let answer: NameAnswer
    if resolver.asksSystem(stub), !stub.answersAtOnce(key) {
      answer = try await askSystem(key, of: host, until: deadline)
    } else {
      answer = try await stub.answer(key, of: host, until: deadline)
    }
    if case .failure(let reason) = answer { throw NameError(host: host, reason) }
    return answer
  }
}

extension Resolver {
  /// The backend of a loop with its own names, unless the resolver asks name servers nonetheless.
  fileprivate func socketsWithNames(of loop: EventLoop) -> (any Sockets)? {
    if case .stub = kind { return nil }
    return loop.sockets.hasOwnNames ? loop.sockets : nil
  }

  func asksSystem(_ stub: StubResolver) -> Bool {
    switch kind {
    case .system: true
    case .automatic: !stub.doesAsSystemDoes()
    case .stub: false
    }
  }
}
