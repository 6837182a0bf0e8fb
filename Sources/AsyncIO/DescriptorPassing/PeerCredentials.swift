// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Who is at the other end of a Unix socket: the process that connected it, listened, or made the pair; SO_PEERCRED in
/// unix(7). The kernel vouches for it.
public struct PeerCredentials: Hashable, Sendable {
  /// At the time of the connection: the process may have ended since, and its number be another's.
  public let processID: Int32
  public let userID: UInt32
  public let groupID: UInt32
}

extension StreamTransport {
  var peerCredentials: PeerCredentials? {
    guard isSocket, state != .closed, loop.backend.kind != .virtual, peer?.family == .unix,
      let credentials = SocketCalls.peerCredentials(of: number)
    else { return nil }
    return PeerCredentials(
      processID: credentials.process, userID: credentials.user, groupID: credentials.group)
  }
}

extension ByteStream {
  /// Who is at the other end of a Unix socket; nil of any other stream, and of one that is closed. On the stream's loop.
  ///
  /// ```swift
  /// let server = try await startUnixServer(path: "/run/app.sock") { stream in
  ///   guard stream.peerCredentials?.userID == getuid() else { return stream.abort() }
  ///   try await stream.write("welcome\n")
  /// }
  /// ```
  public var peerCredentials: PeerCredentials? { writer.handle.transport.peerCredentials }
}
