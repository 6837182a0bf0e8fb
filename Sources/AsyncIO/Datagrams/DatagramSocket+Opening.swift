// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension DatagramSocket {
  /// Opens a socket at an address: no name is looked up.
  ///
  /// ```swift
  /// let socket = try await DatagramSocket.bind(to: SocketAddress("0.0.0.0", port: 5353)!)
  /// ```
  ///
  /// `0.0.0.0` is every address of this host, `::` every IPv6 one; port 0 lets the system choose. The file of a Unix
  /// socket is removed when it is closed; one that a process has left behind which ended without closing is taken over.
  ///
  /// - Throws: `SystemError` if the address can't be taken.
  public nonisolated(nonsending) static func bind(
    to address: SocketAddress, options: DatagramOptions = DatagramOptions()
  ) async throws -> DatagramSocket {
    try await onCurrentLoop { try $0.openDatagrams(at: address, connectedTo: nil, options) }
  }

  /// Opens a socket at the first address of a host that can be taken.
  ///
  /// - Throws: `NameError`, or `SystemError` if no address can be taken. `CancellationError` if the task is cancelled
  ///   while the name is looked up.
  public nonisolated(nonsending) static func bind(
    host: String, port: UInt16, options: DatagramOptions = DatagramOptions()
  ) async throws -> DatagramSocket {
    var lastError: SystemError?
    for address in try await resolve(host, port: port) {
      do { return try await bind(to: address, options: options) } catch let error as SystemError { lastError = error }
    }
    throw lastError ?? NameError(host: host, .noAddress(nil))
  }

  /// Opens a socket with a peer: it sends to nobody else and receives from nobody else.
  ///
  /// ```swift
  /// let socket = try await DatagramSocket.connect(to: SocketAddress("127.0.0.1", port: 53)!)
  /// try await socket.send([1, 2, 3])
  /// let answer = try await socket.receive()
  /// ```
  ///
  /// Nothing is sent for that: whether somebody is there shows later.
  ///
  /// - Parameter local: The socket's own address; nil lets the system choose. A Unix socket without one has no name, and
  ///   its peer can't answer.
  /// - Throws: `SystemError` if there is no way to the peer, or `local` can't be taken.
  public nonisolated(nonsending) static func connect(
    to peer: SocketAddress, from local: SocketAddress? = nil, options: DatagramOptions = DatagramOptions()
  ) async throws -> DatagramSocket {
    try await onCurrentLoop { try $0.openDatagrams(at: local, connectedTo: peer, options) }
  }

  /// Opens a socket whose peer is the first address of a host that there is a way to.
  ///
  /// - Throws: `NameError`, or `SystemError` if there is no way to any. `CancellationError` if the task is cancelled
  ///   while the name is looked up.
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
    require(options.queueLimit > 0, "DatagramOptions.queueLimit is a number of bytes above 0")
    let number = try backend.openDatagramSocket(at: local, connectedTo: peer, options: options.socketOptions)
    let descriptor = Descriptor(number, of: backend)
    let transport = DatagramTransport(
      descriptor, local: backend.localAddress(of: number) ?? local ?? .unnamedUnix, peer: peer, isBound: local != nil,
      queueLimit: options.queueLimit, counters: DatagramCounters(), loop: self)
    transport.start()
    return DatagramSocket(transport)
  }
}
