// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

/// An option of a stream's socket; socket(7), tcp(7).
///
/// ```swift
/// try stream.setOption(.keepAlive, to: true)
/// try stream.setOption(.keepAliveIdle, to: .seconds(60))
/// print(try stream.option(.receiveBufferSize))
/// ```
public struct StreamOption<Value: Sendable>: Sendable {
  let name: SocketOption.Name
  let decode: @Sendable (Int32) -> Value
  let encode: @Sendable (Value) -> Int32
}

extension StreamOption where Value == Bool {
  /// Small writes leave at once (TCP_NODELAY): on from the start for TCP.
  public static let noDelay = flag(Int32(IPPROTO_TCP), TCP_NODELAY, "TCP_NODELAY")
  /// Nothing leaves but full segments, until it is off again or 200 ms have passed (TCP_CORK).
  public static let cork = flag(Int32(IPPROTO_TCP), TCP_CORK, "TCP_CORK")
  /// The system asks a silent peer whether it is still there (SO_KEEPALIVE).
  public static let keepAlive = flag(SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE")

  private static func flag(_ level: Int32, _ number: Int32, _ text: String) -> Self {
    StreamOption(
      name: SocketOption.Name(level: level, number: number, text: text), decode: { $0 != 0 }, encode: { $0 ? 1 : 0 })
  }
}

extension StreamOption where Value == Int {
  /// Bytes that the kernel keeps of what has arrived (SO_RCVBUF). Linux doubles what is set, and stops adapting it.
  public static let receiveBufferSize = number(SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF")
  /// Bytes that the kernel keeps of what was sent (SO_SNDBUF). Linux doubles what is set, and stops adapting it.
  public static let sendBufferSize = number(SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF")
  /// Unanswered probes after which a peer counts as gone (TCP_KEEPCNT).
  public static let keepAliveCount = number(Int32(IPPROTO_TCP), TCP_KEEPCNT, "TCP_KEEPCNT")
  /// The largest segment to send (TCP_MAXSEG).
  public static let maximumSegment = number(Int32(IPPROTO_TCP), TCP_MAXSEG, "TCP_MAXSEG")

  /// Any other option with an integer value, by its numbers.
  ///
  /// ```swift
  /// try stream.setOption(.number(6, 12, "TCP_QUICKACK"), to: 1)
  /// ```
  public static func number(_ level: Int32, _ number: Int32, _ text: String) -> Self {
    StreamOption(
      name: SocketOption.Name(level: level, number: number, text: text), decode: { Int($0) },
      encode: { Int32(clamping: $0) })
  }
}

extension StreamOption where Value == Duration {
  /// Silence before the first probe (TCP_KEEPIDLE), in whole seconds.
  public static let keepAliveIdle = seconds(TCP_KEEPIDLE, "TCP_KEEPIDLE")
  /// Time between two probes (TCP_KEEPINTVL), in whole seconds.
  public static let keepAliveInterval = seconds(TCP_KEEPINTVL, "TCP_KEEPINTVL")
  /// How long what was sent may stay unacknowledged before the connection is lost (TCP_USER_TIMEOUT), in milliseconds;
  /// zero is the system's own limit.
  public static let userTimeout = StreamOption(
    name: SocketOption.Name(level: Int32(IPPROTO_TCP), number: TCP_USER_TIMEOUT, text: "TCP_USER_TIMEOUT"),
    decode: { .milliseconds($0) }, encode: { Int32(clamping: $0.clampedNanoseconds / 1_000_000) })

  private static func seconds(_ number: Int32, _ text: String) -> Self {
    StreamOption(
      name: SocketOption.Name(level: Int32(IPPROTO_TCP), number: number, text: text), decode: { .seconds($0) },
      encode: { Int32(clamping: $0.clampedNanoseconds / 1_000_000_000) })
  }
}

extension StreamWriter {
  /// The value of an option. On the stream's loop.
  ///
  /// - Throws: `SystemError` if the socket has no such option, or the stream is closed or none of a socket.
  public func option<Value>(_ option: StreamOption<Value>) throws -> Value {
    let number = try handle.transport.socketNumber("getsockopt")
    return option.decode(try handle.transport.loop.sockets.value(of: option.name, of: number))
  }

  /// Sets an option. On the stream's loop.
  ///
  /// - Throws: As `option(_:)`.
  public func setOption<Value>(_ option: StreamOption<Value>, to value: Value) throws {
    let number = try handle.transport.socketNumber("setsockopt")
    let result = handle.transport.loop.sockets.set(.integer(option.name, option.encode(value)), of: number)
    if result < 0 { throw SystemError("setsockopt", option.name.text, result: result) }
  }
}

extension ByteStream {
  /// See `StreamWriter.option(_:)`.
  public func option<Value>(_ option: StreamOption<Value>) throws -> Value { try writer.option(option) }

  /// See `StreamWriter.setOption(_:to:)`.
  public func setOption<Value>(_ option: StreamOption<Value>, to value: Value) throws {
    try writer.setOption(option, to: value)
  }
}
