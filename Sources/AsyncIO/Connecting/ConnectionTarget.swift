// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore

/// The destination of a connection, and how to connect. Every way to open a connection goes through it.
package struct ConnectionTarget: Sendable {
  package enum Place: Sendable {
    case host(String, port: UInt16)
    case address(SocketAddress)
  }

  private let place: Place
  private let local: SocketAddress?
  private let timeout: Duration?
  private let limit: Int

  package init(
    _ place: Place, from local: SocketAddress? = nil, timeout: Duration? = nil, limit: Int = 64 * 1024
  ) {
    require(limit > 0, "openConnection: the limit of a stream is a number of bytes above 0")
    self.place = place
    self.local = local
    self.timeout = timeout
    self.limit = limit
  }

  /// The destination as errors name it: `example.org:443`, `127.0.0.1:9`.
  package var name: String {
    switch place {
    case .host(let host, let port): "\(host):\(port)"
    case .address(let address): address.description
    }
  }

  /// Opens the connection on the caller's loop, or on the shared one.
  package nonisolated(nonsending) func open() async throws -> StreamHandle {
    try await onCurrentLoop { try await open(on: $0) }
  }

  private nonisolated(nonsending) func open(on loop: EventLoop) async throws -> StreamHandle {
    guard let timeout else { return try await open(on: loop, until: .max) }
    do {
      return try await open(on: loop, until: loop.deadline(after: timeout.clampedNanoseconds))
    } catch is DeadlinePassed {
      throw SystemError("connect", name, code: .timedOut)
    }
  }

  private nonisolated(nonsending) func open(on loop: EventLoop, until deadline: Int64) async throws -> StreamHandle {
    switch place {
    case .host(let host, let port):
      return try await loop.openConnection(host: host, port: port, from: local, limit: limit, until: deadline)
    case .address(let address):
      return try await loop.openConnection(
        toFirstOf: [address], named: address.description, from: local, limit: limit, until: deadline)
    }
  }
}

extension EventLoop {
  /// Throws `DeadlinePassed` at a time of this loop's clock, and closes the connections under way.
  package nonisolated(nonsending) func openConnection(
    host: String, port: UInt16, from local: SocketAddress? = nil, limit: Int, until deadline: Int64 = .max
  ) async throws -> StreamHandle {
    // From an address of one family only hosts of that family can be reached.
    let addresses = try await resolve(host, port: port, family: local?.family, until: deadline)
    let name = addresses.count == 1 ? addresses[0].description : "\(host):\(port)"
    return try await openConnection(toFirstOf: addresses, named: name, from: local, limit: limit, until: deadline)
  }

  package nonisolated(nonsending) func openConnection(
    toFirstOf addresses: [SocketAddress], named name: String, from local: SocketAddress? = nil, limit: Int = 64 * 1024,
    until deadline: Int64 = .max
  ) async throws -> StreamHandle {
    let attempts = ConnectionAttempts(to: name, from: local, on: self)
    let socket = try await attempts.connect(toFirstOf: addresses, until: deadline)
    guard let descriptor = socket.descriptor.take() else { preconditionFailure("a connected socket has a descriptor") }
    let transport = StreamTransport(descriptor, peer: socket.address, limit: limit, loop: self)
    transport.start()
    return StreamHandle(transport)
  }
}
