// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// The outgoing side of a connection; asyncio's `StreamWriter`.
///
/// A write takes all of its bytes. Usually it returns at once, after a single system call. If the peer is slow, it
/// returns when no more than 64 KiB of them are left to send. So a program cannot forget `drain`: each `write` includes
/// it. A writer belongs to the loop that it was opened on and works from anywhere, as a reader does.
///
/// **Cancellation** of a write throws `CancellationError` while it waits; the bytes were taken, and are sent.
public final class StreamWriter: Sendable {
  package let handle: StreamHandle

  package init(_ handle: StreamHandle) { self.handle = handle }

  // MARK: - Writing

  /// Writes all bytes; asyncio's `write` and `drain` in one.
  ///
  /// - Throws: `SystemError` if the connection was lost; `StreamError.writeAfterEnd` after `close` or `writeEOF`.
  public nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws {
    if handle.isCurrent(for: #isolation) {
      try await handle.transport.loop.spendBudget()
      if try unsafe bytes.withUnsafeBytes({ try unsafe handle.transport.write($0) }) {
        try await handle.transport.waitForRoom()
      }
    } else {
      try await handle.onLoop { transport in
        if try unsafe bytes.withUnsafeBytes({ try unsafe transport.write($0) }) { try await transport.waitForRoom() }
      }
    }
  }

  /// Writes a part of an array.
  public nonisolated(nonsending) func write(_ bytes: ArraySlice<UInt8>) async throws {
    if handle.isCurrent(for: #isolation) {
      try await handle.transport.loop.spendBudget()
      if try unsafe bytes.withUnsafeBytes({ try unsafe handle.transport.write($0) }) {
        try await handle.transport.waitForRoom()
      }
    } else {
      try await write(Array(bytes))
    }
  }

  /// Writes a text in UTF-8.
  public nonisolated(nonsending) func write(_ text: String) async throws {
    guard handle.isCurrent(for: #isolation), unsafe text.utf8.withContiguousStorageIfAvailable({ _ in }) != nil else {
      return try await write(Array(text.utf8))
    }
    try await handle.transport.loop.spendBudget()
    let full = try unsafe text.utf8.withContiguousStorageIfAvailable {
      try unsafe handle.transport.write(UnsafeRawBufferPointer($0))
    }
    if full == true { try await handle.transport.waitForRoom() }
  }

  /// Waits until no more than 16 KiB are left to send; asyncio's `drain`. Every write does this when it has to.
  public nonisolated(nonsending) func drain() async throws {
    if handle.isCurrent(for: #isolation) { return try await handle.transport.drain() }
    try await handle.onLoop { try await $0.drain() }
  }

  /// Ends the stream to the peer after what was written, and keeps reading; asyncio's `write_eof`.
  public nonisolated(nonsending) func writeEOF() async throws {
    if handle.isCurrent { return try handle.transport.writeEnd() }
    try await handle.onLoop { try $0.writeEnd() }
  }

  // MARK: - The end

  /// Sends what was written, closes the connection, and returns when that is done; asyncio's `close` and `wait_closed`.
  ///
  /// Closing again does nothing more. Cancellation throws; the connection closes all the same. Its reader finds what
  /// had arrived, and then the end of the stream.
  ///
  /// After this has returned, a connection of a server goes on receiving until the peer has closed too: for a second
  /// after the last byte, and eight at most. What a peer is still sending would otherwise reset the connection, and the
  /// answer would be lost.
  ///
  /// - Throws: `SystemError` if the connection was lost before everything was sent.
  public nonisolated(nonsending) func close() async throws {
    if handle.isCurrent(for: #isolation) {
      handle.transport.close()
      return try await handle.transport.waitClosed()
    }
    try await handle.onLoop { transport in
      transport.close()
      try await transport.waitClosed()
    }
  }

  /// Closes the connection at once: what was not sent is lost, and the peer sees a reset; asyncio's `transport.abort`.
  /// From any thread.
  public func abort() { handle.abort() }

  /// Whether the connection is closing or closed. On the stream's loop.
  public var isClosing: Bool { handle.transport.isClosing }

  // MARK: - About the connection

  /// The peer's address. On the stream's loop.
  public var peerAddress: SocketAddress? { handle.transport.peer }

  /// The connection's own address; nil once it is closed. On the stream's loop.
  public var localAddress: SocketAddress? { handle.transport.local }

  /// Bytes that were written and have not left. On the stream's loop.
  public var pendingBytes: Int { handle.transport.pendingOutput }
}
