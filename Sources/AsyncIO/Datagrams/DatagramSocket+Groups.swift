// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension DatagramSocket {
  /// Joins a multicast group: datagrams to the group's address and the socket's port arrive here; ip(7), ipv6(7).
  ///
  /// ```swift
  /// var options = DatagramOptions()
  /// options.reuseAddress = true  // others on this host listen to the group, too
  /// let socket = try await DatagramSocket.bind(to: SocketAddress("0.0.0.0", port: 5353)!, options: options)
  /// try await socket.join(group: SocketAddress("224.0.0.251", port: 5353)!)
  /// ```
  ///
  /// A socket receives datagrams only for groups that it has joined itself, not for those that other sockets have
  /// joined.
  ///
  /// - Parameters:
  ///   - group: 224.0.0.0 to 239.255.255.255, or ff00::/8; its port is ignored.
  ///   - interface: The interface to listen on.
  /// - Throws: `SystemError`: EADDRINUSE if it has already joined, ENODEV if the interface doesn't exist, EINVAL if the
  ///   address isn't a group's. `DatagramError.closed` after `close`. A cancelled task may get `CancellationError`:
  ///   then nothing was done.
  public nonisolated(nonsending) func join(
    group: SocketAddress, on interface: NetworkInterface = .any
  ) async throws {
    try await set(.joinGroup(group, interface: interface.index), "join", "\(group.host) on \(interface)")
  }

  /// Leaves a group that was joined on this interface. Closing the socket leaves all groups.
  ///
  /// - Throws: `SystemError`: EADDRNOTAVAIL if the socket hasn't joined it. `DatagramError.closed` after `close`.
  ///   A cancelled task may get `CancellationError`: then nothing was done.
  public nonisolated(nonsending) func leave(
    group: SocketAddress, on interface: NetworkInterface = .any
  ) async throws {
    try await set(.leaveGroup(group, interface: interface.index), "leave", "\(group.host) on \(interface)")
  }

  private nonisolated(nonsending) func set(_ option: SocketOption, _ operation: String, _ object: String) async throws {
    try await EventLoop.spendBudget()
    if isCurrent(for: #isolation) { return try transport.set(option, operation, object) }
    try await onLoop { try $0.set(option, operation, object) }
  }
}
