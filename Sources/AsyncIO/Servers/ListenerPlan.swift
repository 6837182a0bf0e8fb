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
