// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

/// Runs a body with a name server and a resolver that asks it.
func withNameServer(
  on backend: BackendKind, _ behaviour: @escaping NameServer.Behaviour,
  _ change: @Sendable (inout ResolverConfiguration) -> Void = { _ in },
  _ body: @Sendable @escaping (NameServer, Resolver) async throws -> Void
) async throws {
  var configuration = ResolverConfiguration(servers: [])
  // Long enough for a busy machine, in tests that don't wait for it.
  configuration.timeout = .seconds(20)
  change(&configuration)
  let changed = configuration
  try await withEventLoop(backend: backend) {
    let server = try await NameServer(behaviour)
    var configuration = changed
    configuration.servers.append(server.address)
    try await body(server, .stub(configuration))
    try await server.close()
    // The sockets of queries close later.
    try await turns { EventLoop.current.statistics.operationsInFlight == 0 }
  }
}

func hosts(_ addresses: [SocketAddress]) -> [String] { addresses.map(\.host).sorted() }

func hosts(
  of name: String, family: SocketAddress.Family? = nil, using resolver: Resolver
) async throws -> [String] {
  hosts(try await resolve(name, port: 1, family: family, using: resolver))
}

/// The reason of the error that the body has to throw.
func reason(_ body: () async throws -> [SocketAddress]) async -> NameError.Reason? {
  do {
    Issue.record("there is no error, but \(try await body())")
    return nil
  } catch {
    if let error = error as? NameError { return error.reason }
    Issue.record("the error is \(error)")
    return nil
  }
}
