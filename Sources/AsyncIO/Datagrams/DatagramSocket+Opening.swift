// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension DatagramSocket {
  /// Opens a socket at an address, without a name look-up.
  ///
  /// ```swift
  /// let socket = try await DatagramSocket.bind(to: SocketAddress("0.0.0.0", port: 5353)!)
  /// ```
  ///
  /// `0.0.0.0` is every address of this host, `::` every IPv6 one; port 0 lets the system choose. The file of a Unix
  /// socket is removed when the socket is closed. A file left behind by a process that ended without closing is
  /// replaced.
  ///
  /// - Throws: `SystemError` if the address can't be bound. A cancelled task may get `CancellationError`: then no
  ///   socket was opened.
  public nonisolated(nonsending) static func bind(
    to address: SocketAddress, options: DatagramOptions = DatagramOptions()
  ) async throws -> DatagramSocket {
    try await onCurrentLoop { try $0.openDatagrams(at: address, connectedTo: nil, options) }
  }

  /// Opens a socket at the first address of a host that can be bound.
  ///
  /// - Throws: `NameError` if the look-up fails; `SystemError` if no address can be bound. `CancellationError` if the
  ///   task is cancelled during the look-up.
  public nonisolated(nonsending) static func bind(
    host: String, port: UInt16, options: DatagramOptions = DatagramOptions()
  ) async throws -> DatagramSocket {
    var lastError: SystemError?
    for address in try await resolve(host, port: port) {
      do { return try await bind(to: address, options: options) } catch let error as SystemError { lastError = error }
    }
    throw lastError ?? NameError(host: host, .noAddress(nil))
  }

  /// Opens a socket with one peer: it sends to and receives from that peer only.
  ///
  /// ```swift
  /// let socket = try await DatagramSocket.connect(to: SocketAddress("127.0.0.1", port: 53)!)
  /// try await socket.send([1, 2, 3])
  /// let answer = try await socket.receive()
  /// ```
  ///
  /// Nothing is sent to connect: whether the peer listens shows later.
  ///
  /// - Parameter local: The socket's own address; nil lets the system choose. A Unix socket without one has no name,
  ///   and its peer can't answer.
  /// - Throws: `SystemError` if the peer has no route, or `local` can't be bound. A cancelled task may get
  ///   `CancellationError`: then no socket was opened.
  public nonisolated(nonsending) static func connect(
    to peer: SocketAddress, from local: SocketAddress? = nil, options: DatagramOptions = DatagramOptions()
  ) async throws -> DatagramSocket {
    try await onCurrentLoop { try $0.openDatagrams(at: local, connectedTo: peer, options) }
  }

  /// Opens a socket whose peer is the first address of a host that has a route.
  ///
  /// - Throws: `NameError` if the look-up fails; `SystemError` if no address has a route. `CancellationError` if the
  ///   task is cancelled during the look-up.
  public nonisolated(nonsending) static func connect(
    host: String, port: UInt16, options: DatagramOptions = DatagramOptions()
  ) async throws -> DatagramSocket {
    var lastError: SystemError?
    for address in try await resolve(host, port: port) {
      do {
        return try await connect(to: address, options: options)
      } catch let error as SystemError { lastError = error }
    }
    throw lastError ?? NameError(host: host, .noAddress(nil))
  }
}

extension EventLoop {
  package func openDatagrams(
    at local: SocketAddress?, connectedTo peer: SocketAddress?, _ options: DatagramOptions = DatagramOptions()
  ) throws -> DatagramSocket {
    require(options.queueLimit > 0, "DatagramOptions.queueLimit must be above 0")
    try backend.prepare(for: .receiveDatagrams)
    let number = try sockets.openDatagramSocket(at: local, connectedTo: peer, options: options.socketOptions)
    let descriptor = Descriptor(number, of: backend)
    let transport = DatagramTransport(
      descriptor, local: sockets.localAddress(of: number) ?? local ?? .unnamedUnix, peer: peer, isBound: local != nil,
      queueLimit: options.queueLimit, counters: DatagramCounters(), loop: self)
    transport.start()
    return DatagramSocket(transport)
  }
}
