// SPDX-License-Identifier: Apache-2.0
// Names of Unix sockets; unix(7). A path is a file, which bind(2) makes and nobody removes. An abstract name begins
// with a zero byte, is no file, and is gone with its socket. A socket that was bound to neither has no name at all.

import Glibc

extension SocketAddress {
  /// The longest path, in bytes: `sun_path` with its zero byte has 108.
  public static var longestUnixPath: Int { 107 }

  /// A Unix socket at a path. Nil if that is empty, longer than `longestUnixPath` bytes, or has a zero byte in it.
  public init?(unixPath path: String) {
    let name = Array(path.utf8)
    guard !name.isEmpty, name.count <= Self.longestUnixPath, !name.contains(0) else { return nil }
    self.init(family: .unix, unixName: name)
  }

  /// A Unix socket with an abstract name, which is no file and ends with the socket; Linux only. Nil if it is empty or
  /// longer than `longestUnixPath` bytes.
  public init?(abstractName: String) {
    let name = Array(abstractName.utf8)
    guard !name.isEmpty, name.count <= Self.longestUnixPath else { return nil }
    self.init(family: .unix, unixName: [0] + name)
  }

  /// What a Unix socket has that was bound to no name: a client's.
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

  /// As ss(8) writes it: `/run/app.sock`, `@name`.
  var unixDescription: String {
    if let abstractName { return "@\(abstractName)" }
    return unixPath ?? "an unnamed Unix socket"
  }
}
