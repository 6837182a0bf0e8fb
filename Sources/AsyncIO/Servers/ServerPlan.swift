// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Where a server is to listen, and how: what every way to start one comes down to.
package struct ServerPlan: Sendable {
  private let address: ListenAddress
  private let limits: ServerLimits
  private let options: ServerOptions
  private let file: StaticString
  private let line: UInt

  package init(
    _ address: ListenAddress, limits: ServerLimits, options: ServerOptions, file: StaticString, line: UInt
  ) {
    require(options.limit > 0, "startServer: the limit of a stream is a number of bytes above 0")
    limits.expectSense()
    self.address = address
    self.limits = limits
    self.options = options
    self.file = file
    self.line = line
  }

  /// Starts the server on the loop of the caller, or the shared one.
  package nonisolated(nonsending) func start(
    _ handler: ConnectionService.Handler, _ security: (any ConnectionSecurity)?
  ) async throws -> Server {
    try security?.prepareServer()
    let service = ConnectionService(handler, security)
    return try await onCurrentLoop { try await start(service, on: $0) }
  }

  private nonisolated(nonsending) func start(_ service: ConnectionService, on loop: EventLoop) async throws -> Server {
    switch address {
    case .host(let host?, let port):
      return serve(try bind(try await loop.resolve(host, port: port), service, on: loop))
    case .host(nil, let port):
      let everywhere = [SocketAddress("::", port: port), SocketAddress("0.0.0.0", port: port)].compactMap { $0 }
      return serve(try bind(everywhere, isEverywhere: true, service, on: loop))
    case .address(let address):
      return serve(try bind([address], service, on: loop))
    case .unix(let path):
      return serve(try bind([try unixAddress(path, for: "bind")], service, on: loop))
    case .sockets(let sockets):
      return serve(try adopt(sockets, service, on: loop))
    }
  }

  private func serve(_ server: Server) -> Server {
    guard options.startServing else { return server }
    for listener in server.listeners {
      // It fails only for a socket that doesn't listen yet.
      listener.onItsLoop { try? $0.startServing() }
    }
    server.markServing()
    return server
  }

  // MARK: - Limits

  /// The connections of a server whose process may have so many descriptors: some are left for what its handlers open.
  static func connectionLimit(ofDescriptors descriptors: Int) -> Int { max(1, descriptors - descriptors / 8) }

  private func makeSlots(listeners: Int, loop: EventLoop) -> ConnectionSlots {
    let (slack, overflow) = listeners.multipliedReportingOverflow(by: Int(Int32(clamping: options.backlog)) + 1)
    return ConnectionSlots(
      limit: limits.connections ?? Self.connectionLimit(ofDescriptors: loop.sockets.descriptorLimit),
      limitPerPeer: limits.connectionsPerPeer, slack: overflow ? .max : slack)
  }

  private func listenerPlan(startsListening: Bool, isShared: Bool) -> ListenerPlan {
    ListenerPlan(
      backlog: Int32(clamping: options.backlog), limit: options.limit, limits: limits, startsListening: startsListening,
      isShared: isShared, file: file, line: line)
  }

  /// The loops that accept. What is isolated can only run in one place; the rest runs wherever it was accepted.
  private func loops(for service: ConnectionService, around first: EventLoop) -> [EventLoop] {
    service.isolation == nil && first.group.count > 1 ? first.group : [first]
  }

  // MARK: - Sockets

  private func bind(
    _ wanted: [SocketAddress], isEverywhere: Bool = false, _ service: ConnectionService, on first: EventLoop
  ) throws -> Server {
    // The kernel takes SO_REUSEPORT for IP alone (Linux 6.12): the loops accept from one Unix socket, see `adopt`.
    let isIP = !wanted.contains { $0.family == .unix }
    let loops = loops(for: service, around: first)
    let listening = ListenOptions(
      backlog: Int32(clamping: options.backlog), reusePort: isIP && (options.reusePort || loops.count > 1),
      keepAlive: options.keepAlive, startsListening: options.startServing)
    let slots = makeSlots(listeners: loops.count * wanted.count, loop: first)
    let plan = listenerPlan(startsListening: options.startServing, isShared: !isIP && loops.count > 1)

    var listeners: [Listener] = []
    var addresses: [SocketAddress] = []
    for var address in wanted {
      // Port 0 is one port for all: the first listener's.
      if address.port == 0, let first = addresses.first { address.port = first.port }
      for (index, loop) in loops.enumerated() {
        do {
          let number =
            isIP || index == 0
            ? try first.sockets.listen(at: address, options: listening)
            : try first.sockets.duplicate(listeners[listeners.count - 1].number)
          if index == 0 {
            address = first.sockets.localAddress(of: number) ?? address
            addresses.append(address)
          }
          listeners.append(
            Listener(
              Descriptor(number, of: loop.backend), address: address, ownsFile: isIP || index == 0, plan: plan,
              slots: slots, loop: loop, service: service))
        } catch let error as SystemError where isEverywhere && error.code == .addressFamilyNotSupported {
          // A machine without IPv6 has only one kind of "all interfaces".
          break
        }
      }
    }
    if addresses.isEmpty { throw SystemError("listen", "any address", code: .addressFamilyNotSupported) }
    return Server(listeners: listeners, addresses: addresses)
  }

  /// Several loops accept from one socket, each by a number of its own: a loop that is free takes the next connection.
  private func adopt(_ sockets: [ListeningSocket], _ service: ConnectionService, on first: EventLoop) throws -> Server {
    if sockets.isEmpty { throw SystemError("accept", "no socket at all", code: .invalidArgument) }
    // All are looked at before the first one is taken over: what is refused is still the caller's, and as it was.
    for socket in sockets {
      switch try first.sockets.kind(of: socket.descriptor) {
      case .listeningSocket: break
      case .messageSocket:
        throw SystemError(
          "accept", "\(socket), a socket of messages: a stream would lose parts of them", code: .wrongType)
      default: throw SystemError("accept", "\(socket), which does not listen", code: .invalidArgument)
      }
    }
    for socket in sockets { _ = try first.sockets.adopt(socket.descriptor) }
    let loops = loops(for: service, around: first)
    let slots = makeSlots(listeners: loops.count * sockets.count, loop: first)
    let plan = listenerPlan(startsListening: true, isShared: loops.count > 1)
    // The copies first: if one fails, what the caller brought is still the caller's.
    var copies: [[Int32]] = []
    do {
      for socket in sockets {
        copies.append([])
        for _ in loops.dropFirst() { copies[copies.count - 1].append(try first.sockets.duplicate(socket.descriptor)) }
      }
    } catch {
      for copy in copies.joined() { first.backend.close(descriptor: copy) }
      throw error
    }
    var listeners: [Listener] = []
    var addresses: [SocketAddress] = []
    for (socket, copies) in zip(sockets, copies) {
      let address = first.sockets.localAddress(of: socket.descriptor) ?? .unnamedUnix
      addresses.append(address)
      for (loop, number) in zip(loops, [socket.descriptor] + copies) {
        // The program that made it made its file too, so it stays.
        listeners.append(
          Listener(
            Descriptor(number, of: loop.backend), address: address, ownsFile: false, plan: plan, slots: slots,
            loop: loop,
            service: service))
      }
    }
    return Server(listeners: listeners, addresses: addresses)
  }
}

/// What the listeners of a server have in common.
struct ListenerPlan: Sendable {
  let backlog: Int32
  /// See `StreamReader.limit`.
  let limit: Int
  let limits: ServerLimits
  /// Whether the socket listens from its beginning.
  let startsListening: Bool
  /// Whether several loops accept from the socket. The kernel wakes the request that has waited longest (io_uring's are
  /// exclusive waits), so each loop asks for one connection at a time, and is then behind the others. With a multishot
  /// request the first loop would stay the first, and serve nearly all.
  let isShared: Bool
  /// Where the server was started.
  let file: StaticString
  let line: UInt
}
