// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension VirtualNetwork {
  /// The address of a host in the current loop's network, with port 0. An unknown name adds a host, whose address is
  /// the next of 10.0.0.2, 10.0.0.3 and so on. Upper and lower case do not matter.
  ///
  /// Call it only on a loop with virtual time: within `.virtualTime` or `withVirtualTime`.
  @discardableResult
  public static func host(_ name: String) -> SocketAddress {
    guard let backend = EventLoop.onThisThread?.backend as? VirtualBackend else {
      preconditionFailure("VirtualNetwork.host(\"\(name)\"): no loop with virtual time runs on this thread")
    }
    return backend.network.addHost(name)
  }
}
