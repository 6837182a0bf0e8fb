// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The process at the other end of a Unix socket: the one that connected it, listened, or made the pair; SO_PEERCRED in
/// unix(7). The kernel vouches for it.
public struct PeerCredentials: Hashable, Sendable {
  /// The process's number at the time of the connection. The process may have ended since, and another may have its
  /// number.
  public let processID: Int32
  /// The effective user at the time of the connection.
  public let userID: UInt32
  /// The effective group at the time of the connection.
  public let groupID: UInt32
}

extension ByteStream {
  /// The process at the other end of a Unix socket; nil for other streams, and once the stream is closed. On the
  /// stream's loop.
  ///
  /// ```swift
  /// let server = try await startUnixServer(path: "/run/app.sock") { stream in
  ///   guard stream.peerCredentials?.userID == getuid() else { return stream.abort() }
  ///   try await stream.write("welcome\n")
  /// }
  /// ```
  public var peerCredentials: PeerCredentials? { writer.handle.transport.peerCredentials }
}
