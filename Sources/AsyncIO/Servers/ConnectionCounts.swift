// SPDX-License-Identifier: Apache-2.0

/// What a listener has counted. Plain numbers of the loop's thread; a server adds them up.
struct ConnectionCounts: Sendable {
  var accepted = 0
  var refused = 0
  var cutOff = 0
  var failedHandshakes = 0
  /// Of connections that are closed.
  var bytesReceived = 0
  var bytesSent = 0
}
