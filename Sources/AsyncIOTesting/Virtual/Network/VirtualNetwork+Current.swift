// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension VirtualNetwork {
  /// The address of a host in the network of the current loop, with port 0. The host is added if there is none by this
  /// name; its address is the next of 10.0.0.2, 10.0.0.3 and so on. Names are the same in upper and lower case.
  ///
  /// Only on a loop with virtual time, within `.virtualTime` or `withVirtualTime`.
  @discardableResult
  public static func host(_ name: String) -> SocketAddress {
    guard let backend = EventLoop.onThisThread?.backend as? VirtualBackend else {
      preconditionFailure("VirtualNetwork.host(\"\(name)\"): no loop with virtual time runs on this thread")
    }
    return backend.network.addHost(name)
  }
}
