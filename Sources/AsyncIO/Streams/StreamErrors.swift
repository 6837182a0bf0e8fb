// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A stream ended before all that was asked for had arrived; asyncio's `IncompleteReadError`.
public struct IncompleteReadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What had arrived. It is no longer in the stream.
  public let partial: [UInt8]
  /// How many bytes were asked for; nil if the end was to be found by a separator.
  public let expected: Int?

  public init(partial: [UInt8], expected: Int?) {
    self.partial = partial
    self.expected = expected
  }

  public var description: String {
    if let expected { return "the stream ended after \(partial.count) of \(expected) bytes" }
    return "the stream ended after \(partial.count) bytes, before the separator"
  }
}

/// More than a stream's limit arrived without the separator that was looked for; asyncio's `LimitOverrunError`. The
/// bytes stay in the stream.
public struct LimitOverrunError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The stream's limit, in bytes.
  public let limit: Int
  /// How many bytes were looked through.
  public let consumed: Int

  public init(limit: Int, consumed: Int) {
    self.limit = limit
    self.consumed = consumed
  }

  public var description: String { "no separator within \(consumed) bytes (the limit is \(limit))" }
}

/// A stream was used in a way that cannot work, or its server has cut it off.
public enum StreamError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Two tasks read from one stream at a time.
  case concurrentRead
  /// A read, or something else that takes the unread bytes, within `withBytes` of the same stream or within a call of its
  /// protocol's: they are lent, and stay until that returns.
  case lent
  /// A read from a stream that a protocol was given.
  case handedOver
  /// Something was written after `close`, `abort` or `writeEOF`.
  case writeAfterEnd
  /// `abort`, or the end of the loop, closed the stream under a wait.
  case aborted
  /// `startTLS` on a stream that speaks TLS already.
  case filtered
  /// The server has reset the connection: its handler waited for so long while too few bytes came or left; see
  /// `ServerLimits.timeWithoutProgress`.
  case noProgress(peer: SocketAddress?, time: Duration)

  public var description: String {
    switch self {
    case .concurrentRead: "another task is reading from this stream"
    case .lent: "the stream's bytes are lent to withBytes or a protocol, and can't be read within that"
    case .handedOver: "the stream was handed over to a protocol, which gets what there is to read"
    case .writeAfterEnd: "write to a stream that was closed or ended for writing"
    case .aborted: "the stream was aborted"
    case .filtered: "the stream speaks TLS already"
    case .noProgress(let peer, let time): "\(peer?.description ?? "the peer") made no progress for \(time)"
    }
  }
}
