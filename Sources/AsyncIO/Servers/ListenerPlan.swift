// SPDX-License-Identifier: Apache-2.0

/// What the listeners of a server have in common.
struct ListenerPlan: Sendable {
  let backlog: Int32
  /// See `StreamReader.limit`.
  let limit: Int
  let limits: ServerLimits
  /// Whether the socket listens from its beginning.
  let startsListening: Bool
  /// Whether several loops accept from the socket. The kernel wakes the request that has waited longest (io_uring's are
  /// exclusive waits), so each loop asks for one connection at a time, and is then behind the others. With a multishot
  /// request the first loop would stay the first, and serve nearly all.
  let isShared: Bool
  /// Where the server was started.
  let file: StaticString
  let line: UInt
}
