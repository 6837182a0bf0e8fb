// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A network interface of this host; netdevice(7). Groups are joined on an interface.
///
/// ```swift
/// let ethernet = NetworkInterface("eth0") ?? .any
/// ```
public struct NetworkInterface: Hashable, Sendable, CustomStringConvertible {
  /// The kernel's number for the interface; 0 is `any`.
  public let index: UInt32

  /// Makes an interface from its number.
  public init(index: UInt32) { self.index = index }

  /// Finds an interface by its name, as `ip link` shows it; nil if it doesn't exist.
  public init?(_ name: String) {
    let index = unsafe if_nametoindex(name)
    if index == 0 || name.utf8.contains(0) { return nil }
    self.index = index
  }

  /// The interface that the system chooses, by its routes.
  public static let any = NetworkInterface(index: 0)

  /// The interface of 127.0.0.1; number 1 on Linux.
  public static let loopback = NetworkInterface(index: 1)

  public var description: String {
    if index == 0 { return "any interface" }
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
      unsafe if_indextoname(index, name.baseAddress) == nil
        ? "interface \(index)" : unsafe String(cString: name.baseAddress!)
    }
  }
}
