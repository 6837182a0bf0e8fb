// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A stream ended before all that was asked for had arrived; asyncio's `IncompleteReadError`.
public struct IncompleteReadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What had arrived. It is no longer in the stream.
  public let partial: [UInt8]
  /// How many bytes were asked for; nil if the end was to be found by a separator.
  public let expected: Int?
  /// The call, and whom it reads from: `readExactly 127.0.0.1:8080`. Empty if nobody said so. Errors that differ only
  /// in this are equal.
  public let place: String

  /// An error with the bytes that came.
  public init(partial: [UInt8], expected: Int?, place: String = "") {
    self.partial = partial
    self.expected = expected
    self.place = place
  }

  public var description: String {
    let start = place.isEmpty ? "" : "\(place): "
    if let expected { return "\(start)the stream ended after \(partial.count) of \(expected) bytes" }
    return "\(start)the stream ended after \(partial.count) bytes, before the separator"
  }

  public static func == (one: IncompleteReadError, other: IncompleteReadError) -> Bool {
    one.partial == other.partial && one.expected == other.expected
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(partial)
    hasher.combine(expected)
  }
}

/// More than a stream's limit arrived without the separator that was looked for; asyncio's `LimitOverrunError`. The
/// bytes stay in the stream, but for `readLine`, which drops the line.
public struct LimitOverrunError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The stream's limit, in bytes.
  public let limit: Int
  /// How many bytes were looked through.
  public let consumed: Int
  /// The call, and whom it reads from: `readLine 127.0.0.1:8080`. Empty if nobody said so. Errors that differ only in
  /// this are equal.
  public let place: String

  /// An error with the limit that was exceeded.
  public init(limit: Int, consumed: Int, place: String = "") {
    self.limit = limit
    self.consumed = consumed
    self.place = place
  }

  public var description: String {
    "\(place.isEmpty ? "" : "\(place): ")no end within \(consumed) bytes (the limit is \(limit))"
  }

  public static func == (one: LimitOverrunError, other: LimitOverrunError) -> Bool {
    one.limit == other.limit && one.consumed == other.consumed
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(limit)
    hasher.combine(consumed)
  }
}

/// A stream was used in a way that cannot work, or its server has cut it off. Its description says by which call and
/// with whom: `read 127.0.0.1:8080: the stream was aborted`.
///
/// ```swift
/// do {
///   print(try await reader.readLine() ?? "the end")
/// } catch StreamError.aborted {
///   print("somebody gave up on the connection")
/// }
/// ```
public struct StreamError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong. Errors are equal if this is.
  public enum Reason: Hashable, Sendable {
    case concurrentRead, lent, handedOver, writeAfterEnd, aborted, filtered
    case noProgress(peer: SocketAddress?, time: Duration)
  }

  /// What went wrong.
  public let reason: Reason
  /// The call, and whom the stream is to: `read 127.0.0.1:8080`. Empty if that was never known.
  public let place: String

  /// An error with its reason, at a place such as `read from 127.0.0.1:80`.
  public init(_ reason: Reason, place: String = "") {
    self.reason = reason
    self.place = place
  }

  /// Two tasks read from one stream at a time.
  public static var concurrentRead: StreamError { StreamError(.concurrentRead) }
  /// A read, or something else that takes the unread bytes, within `withBytes` of the same stream or within a call of
  /// its protocol's: they are lent, and stay until that returns.
  public static var lent: StreamError { StreamError(.lent) }
  /// A read from a stream that a protocol was given.
  public static var handedOver: StreamError { StreamError(.handedOver) }
  /// Something was written after `close`, `abort` or `writeEOF`.
  public static var writeAfterEnd: StreamError { StreamError(.writeAfterEnd) }
  /// `abort`, or the end of the loop, closed the stream under a wait.
  public static var aborted: StreamError { StreamError(.aborted) }
  /// `startTLS` on a stream that speaks TLS already.
  public static var filtered: StreamError { StreamError(.filtered) }
  /// The server has reset the connection: its handler waited for so long while too few bytes came or left; see
  /// `ServerLimits.timeWithoutProgress`.
  public static func noProgress(peer: SocketAddress?, time: Duration) -> StreamError {
    StreamError(.noProgress(peer: peer, time: time))
  }

  public static func == (one: StreamError, other: StreamError) -> Bool { one.reason == other.reason }

  public func hash(into hasher: inout Hasher) { hasher.combine(reason) }

  /// So that `catch StreamError.aborted` works.
  public static func ~= (pattern: StreamError, error: any Error) -> Bool { (error as? StreamError) == pattern }

  public var description: String { place.isEmpty ? "\(reason)" : "\(place): \(reason)" }
}

extension StreamError.Reason: CustomStringConvertible {
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
