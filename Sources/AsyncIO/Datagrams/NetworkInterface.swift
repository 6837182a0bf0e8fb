// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A network interface of this host; netdevice(7). Groups are joined on one.
///
/// ```swift
/// let ethernet = NetworkInterface("eth0") ?? .any
/// ```
public struct NetworkInterface: Hashable, Sendable, CustomStringConvertible {
  /// The number that the kernel knows it by; 0 is `any`.
  public let index: UInt32

  public init(index: UInt32) { self.index = index }

  /// By its name, as `ip link` shows it; nil if there is none.
  public init?(_ name: String) {
    let index = if_nametoindex(name)
    if index == 0 || name.utf8.contains(0) { return nil }
    self.index = index
  }

  /// The one that the system chooses, by its routes.
  public static let any = NetworkInterface(index: 0)

  /// The one of 127.0.0.1; number 1 on Linux.
  public static let loopback = NetworkInterface(index: 1)

  public var description: String {
    if index == 0 { return "any interface" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { name in
      if_indextoname(index, name.baseAddress) == nil ? "interface \(index)" : String(cString: name.baseAddress!)
    }
  }
}
