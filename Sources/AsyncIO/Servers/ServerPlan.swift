// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

/// Where a server is to listen, and how: what every way to start one comes down to.
package struct ServerPlan: Sendable {
  package enum Place: Sendable {
    /// Nil is every interface.
    case host(String?, port: UInt16)
    case address(SocketAddress)
  }

  private let place: Place
  private let backlog: Int
  private let limit: Int

  package init(_ place: Place, backlog: Int = 100, limit: Int = 64 * 1024) {
    self.place = place
    self.backlog = backlog
    self.limit = limit
  }

  /// Starts the server on the loop of the caller, or the shared one.
  package nonisolated(nonsending) func start(_ service: ConnectionService) async throws -> Server {
    if let loop = EventLoop.onThisThread(for: #isolation) { return try await start(service, on: loop) }
    let loop = EventLoop.current
    return try await loop.anchor.run { try await start(service, on: loop) }
  }

  private nonisolated(nonsending) func start(_ service: ConnectionService, on loop: EventLoop) async throws -> Server {
    switch place {
    case .host(let host?, let port):
      return try listen(at: try await loop.resolve(host, port: port), service, on: loop)
    case .host(nil, let port):
      let everywhere = [SocketAddress("::", port: port), SocketAddress("0.0.0.0", port: port)].compactMap { $0 }
      return try listen(at: everywhere, isEverywhere: true, service, on: loop)
    case .address(let address):
      return try listen(at: [address], service, on: loop)
    }
  }

  private func listen(
    at wanted: [SocketAddress], isEverywhere: Bool = false, _ service: ConnectionService, on first: EventLoop
  ) throws -> Server {
    // What is isolated can only run in one place; the rest runs wherever it was accepted. The kernel spreads only the
    // connections of IP.
    let isSpread =
      service.isolation == nil && first.group.count > 1 && !wanted.contains { $0.family == .unix }
    let loops = isSpread ? first.group : [first]
    let options = ListenOptions(backlog: Int32(clamping: backlog), reusePort: loops.count > 1)

    var listeners: [Listener] = []
    var addresses: [SocketAddress] = []
    for var address in wanted {
      // Port 0 is one port for all: the first listener's.
      if address.port == 0, let first = addresses.first { address.port = first.port }
      for (index, loop) in loops.enumerated() {
        do {
          let number = try first.driver.listen(at: address, options: options)
          if index == 0 {
            address = first.driver.localAddress(of: number) ?? address
            addresses.append(address)
          }
          listeners.append(
            Listener(Descriptor(number, of: loop.driver), address: address, limit: limit, loop: loop, service: service))
        } catch let error as SystemError where isEverywhere && error.code == .addressFamilyNotSupported {
          // A machine without IPv6 has only one kind of "all interfaces".
          break
        }
      }
    }
    if addresses.isEmpty { throw SystemError("listen", "any address", code: .addressFamilyNotSupported) }
    for listener in listeners { listener.onItsLoop { $0.start() } }
    return Server(loop: first, listeners: listeners, addresses: addresses)
  }
}
