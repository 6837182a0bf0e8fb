// SPDX-License-Identifier: Apache-2.0
// Names of Unix sockets; unix(7). A path is a file, which bind(2) makes and the kernel never removes. An abstract name
// begins with a zero byte, is not a file, and disappears with its socket. A socket bound to neither has no name.

import Glibc

extension SocketAddress {
  /// The longest path in bytes: `sun_path` has 108 with the zero byte.
  public static var longestUnixPath: Int { 107 }

  /// The address of a Unix socket at a path. Nil if the path is empty, longer than `longestUnixPath` bytes, or contains
  /// a zero byte.
  public init?(unixPath path: String) {
    let name = Array(path.utf8)
    guard !name.isEmpty, name.count <= Self.longestUnixPath, !name.contains(0) else { return nil }
    self.init(family: .unix, unixName: name)
  }

  /// The address of a Unix socket with an abstract name, which is not a file and disappears with the socket; Linux
  /// only. Nil if the name is empty or longer than `longestUnixPath` bytes.
  public init?(abstractName: String) {
    let name = Array(abstractName.utf8)
    guard !name.isEmpty, name.count <= Self.longestUnixPath else { return nil }
    self.init(family: .unix, unixName: [0] + name)
  }

  /// The address of an unbound Unix socket, such as a client's.
  package static let unnamedUnix = SocketAddress(family: .unix)

  /// The path of a Unix socket; nil for any other address.
  public var unixPath: String? {
    guard family == .unix, let first = unixName.first, first != 0 else { return nil }
    return String(decoding: unixName, as: UTF8.self)
  }

  /// The abstract name of a Unix socket; nil for any other address.
  public var abstractName: String? {
    guard family == .unix, unixName.first == 0 else { return nil }
    return String(decoding: unixName.dropFirst(), as: UTF8.self)
  }

  /// The form of ss(8): `/run/app.sock`, `@name`.
  var unixDescription: String {
    if let abstractName { return "@\(abstractName)" }
    return unixPath ?? "an unnamed Unix socket"
  }
}
