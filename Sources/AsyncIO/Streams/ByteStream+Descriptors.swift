// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

extension StreamWriter {
  /// Sends descriptors to the process at the other end of a Unix socket, with some bytes; SCM_RIGHTS in unix(7),
  /// Python's `socket.send_fds`.
  ///
  /// ```swift
  /// try await writer.send(descriptors: [0], with: Array("stdin\n".utf8))
  /// ```
  ///
  /// The descriptors leave after everything that was written before, with the first byte; the rest of the bytes follow.
  /// The peer gets descriptors of its own for the same files. Yours stay yours, and may be closed when this returns.
  ///
  /// **Cancellation** throws `CancellationError` while it waits for room: then either nothing or everything is sent.
  ///
  /// - Parameters:
  ///   - descriptors: At most 253.
  ///   - bytes: At least one: a stream has no messages without bytes.
  /// - Throws: `SystemError` if the connection was lost, or isn't a Unix socket's (EOPNOTSUPP).
  public nonisolated(nonsending) func send(descriptors: [Int32], with bytes: [UInt8]) async throws {
    require(!bytes.isEmpty, "StreamWriter.send(descriptors:with:): bytes must not be empty")
    require(
      descriptors.count <= SystemCall.mostDescriptors,
      "StreamWriter.send(descriptors:with:): \(descriptors.count) descriptors; a message holds at most 253")
    try await EventLoop.spendBudget()
    if handle.isCurrent(for: #isolation) { return try await handle.transport.send(descriptors, with: bytes) }
    try await handle.onLoop { try await $0.send(descriptors, with: bytes) }
  }
}

extension StreamReader {
  /// Keeps the descriptors that come with the bytes of a Unix socket, for `receiveDescriptor`. Call it before reading
  /// anything: earlier bytes may have arrived without their descriptors. `receiveDescriptor` calls it too.
  ///
  /// ```swift
  /// try await reader.expectDescriptors()
  /// guard let request = try await reader.readLine() else { return }
  /// let file = try await reader.receiveDescriptor()
  /// print(request, file.number)
  /// ```
  ///
  /// - Throws: `SystemError` if the stream isn't a Unix socket's (EOPNOTSUPP). A cancelled task may
  ///   get `CancellationError`: then nothing has changed.
  public nonisolated(nonsending) func expectDescriptors() async throws {
    try await EventLoop.spendBudget()
    if handle.isCurrent(for: #isolation) { return try handle.transport.expectDescriptors() }
    try await handle.onLoop { try $0.expectDescriptors() }
  }

  /// Waits for the next descriptor from the process at the other end of a Unix socket; Python's `socket.recv_fds`.
  ///
  /// ```swift
  /// let descriptor = try await reader.receiveDescriptor()
  /// let pipe = try await StreamReader.adopting(descriptor.take())
  /// print(try await pipe.readLine() ?? "")
  /// ```
  ///
  /// Descriptors come in the order in which they were sent, and are close-on-exec. The bytes that came with them stay
  /// in the stream, to be read before or afterwards. Descriptors that are never received are closed with the stream.
  ///
  /// **Cancellation** throws `CancellationError`; a descriptor that arrives later goes to the next call.
  ///
  /// - Throws: `IncompleteReadError` at the end of the stream. `SystemError` if the connection was lost, if descriptors
  ///   were lost because this process has too many open (EMFILE), or if the stream isn't a Unix socket's (EOPNOTSUPP).
  ///   `LimitOverrunError` if the peer sends bytes, twice the limit of the stream, and no descriptor.
  public nonisolated(nonsending) func receiveDescriptor() async throws -> OwnedDescriptor {
    try await EventLoop.spendBudget()
    if handle.isCurrent(for: #isolation) { return try await handle.transport.receiveDescriptor() }
    let number = try await handle.onLoop { try await $0.receiveDescriptor().take() }
    return OwnedDescriptor(owning: number)
  }
}

extension ByteStream {
  /// Sends descriptors with some bytes, as `StreamWriter.send(descriptors:with:)` does.
  public nonisolated(nonsending) func send(descriptors: [Int32], with bytes: [UInt8]) async throws {
    try await writer.send(descriptors: descriptors, with: bytes)
  }

  /// Keeps the descriptors that arrive, as `StreamReader.expectDescriptors()` does.
  public nonisolated(nonsending) func expectDescriptors() async throws { try await reader.expectDescriptors() }

  /// Waits for the next descriptor, as `StreamReader.receiveDescriptor()` does.
  public nonisolated(nonsending) func receiveDescriptor() async throws -> OwnedDescriptor {
    try await reader.receiveDescriptor()
  }
}

/// A descriptor with one owner: closed when the owner releases it.
///
/// ```swift
/// let file = try await stream.receiveDescriptor()
/// var byte: UInt8 = 0
/// _ = read(file.number, &byte, 1)  // closed at the end of the scope
/// ```
public struct OwnedDescriptor: ~Copyable, Sendable {
  /// The descriptor's number, which stays this value's to close.
  public let number: Int32

  /// Takes over a descriptor.
  public init(owning number: Int32) { self.number = number }

  /// Hands the descriptor to another owner, which closes it: to `ByteStream.adopting`, for example.
  public consuming func take() -> Int32 {
    let number = number
    discard self
    return number
  }

  deinit { close(number) }
}
