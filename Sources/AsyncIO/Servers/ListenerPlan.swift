// SPDX-License-Identifier: Apache-2.0

/// What the listeners of a server have in common.
struct ListenerPlan: Sendable {
  let backlog: Int32
  /// See `StreamReader.limit`.
  let limit: Int
  let limits: ServerLimits
  /// Whether the socket listens from its beginning.
  let startsListening: Bool
}

/// What a listener has counted. Plain numbers of the loop's thread; a server adds them up.
struct ConnectionCounts: Sendable {
  var accepted = 0
  var refused = 0
  var cutOff = 0
  /// Of connections that are closed.
  var bytesReceived = 0
  var bytesSent = 0
}
