// SPDX-License-Identifier: Apache-2.0
// Files as answers. A small file is read while it is opened, and leaves with its head in one write. A large one goes
// from the kernel's page cache to the socket.

import AsyncIO
import AsyncIOCore
import Glibc
public import HTTP1Codec

extension HTTPServerResponse {
  /// Answers with a file, or a part of it. The bytes don't pass through the process, unless TLS makes them.
  ///
  /// ```swift
  /// func manual(_ request: HTTPServerRequest, _ response: HTTPServerResponse) async throws {
  ///   try await response.sendFile("/srv/manual.pdf", contentType: "application/pdf")
  /// }
  /// ```
  ///
  /// The path is the program's: never make it from a request's target unchecked.
  ///
  /// - Parameters:
  ///   - contentType: The value of Content-Type; nil for what is among the fields, or none.
  ///   - offset: Where to begin, in bytes.
  ///   - count: How much to send at most; nil for all to the end.
  /// - Throws: `SystemError` if the file can't be opened, or isn't a regular one: nothing is answered then. As `send`
  ///   otherwise. A file that becomes shorter meanwhile breaks the response off.
  ///
  /// **Cancellation** throws `CancellationError`, and breaks off what is being sent.
  public nonisolated(nonsending) func sendFile(
    _ path: String, status: Int = 200, contentType: String? = nil, fields: HTTPFields = HTTPFields(),
    from offset: Int = 0, count: Int? = nil
  ) async throws {
    require(offset >= 0 && (count ?? 0) >= 0, "sendFile: an offset and a count are 0 or more")
    let (connection, number) = (connection, number)
    if connection.handle.isCurrent(for: #isolation) {
      return try await connection.sendFile(number, path, status, contentType, fields, offset, count)
    }
    try await connection.onLoop {
      try await connection.sendFile(number, path, status, contentType, fields, offset, count)
    }
  }
}

/// A file that was opened on a thread of the pool, and is closed with its last reference.
final class ServedFile: Sendable {
  let descriptor: Int32
  let size: Int
  let code: SystemError.Code?
  /// The wanted bytes, if they are few.
  let bytes: [UInt8]?

  init(_ path: String, from offset: Int, count: Int?, readingUpTo most: Int) {
    // C would open what stands before a zero byte.
    guard !path.utf8.contains(0) else {
      (descriptor, size, code, bytes) = (-1, 0, .invalidArgument, nil)
      return
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      (size, code, bytes) = (0, SystemError.Code(rawValue: errno), nil)
      return
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      (size, code, bytes) = (0, SystemError.Code(rawValue: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL), nil)
      return
    }
    code = nil
    size = Int(status.st_size)
    let wanted = min(count ?? .max, max(0, size - offset))
    guard wanted <= most else {
      bytes = nil
      return
    }
    let file = descriptor
    let read = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
      var result = 0
      repeat { result = pread(file, buffer.baseAddress, wanted, off_t(offset)) } while result < 0 && errno == EINTR
      initialized = max(0, result)
    }
    bytes = read.count == wanted ? read : nil
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }
}

private final class FileWait: WaitObject {
  let waitDescription: String
  init(_ name: String) { waitDescription = name }
}

extension HTTP1ServerConnection {
  fileprivate nonisolated(nonsending) func sendFile(
    _ number: Int, _ path: String, _ status: Int, _ contentType: String?, _ fields: HTTPFields, _ offset: Int,
    _ count: Int?
  ) async throws {
    try expectUnanswered(number)
    let waited = FileWait(path)
    let file = try await transport.loop.runBlocking(WaitReason("open", on: waited)) {
      ServedFile(path, from: offset, count: count, readingUpTo: Self.largeBody)
    }
    if let code = file.code { throw SystemError("open", path, code: code) }
    if let bytes = file.bytes {
      let waits = try bytes.withUnsafeBytes { try answer(number, status, fields, contentType, isText: false, $0) }
      if waits { try await transport.waitForRoom() }
      return
    }
    let count = min(count ?? .max, max(0, file.size - offset))
    guard try beginStreaming(number, status, fields, contentType, count) else { return }
    do {
      _ = try send()
      let sent = try await StreamHandle.writer(of: handle).sendFile(
        descriptor: file.descriptor, from: offset, count: count)
      guard sent == count else {
        throw SystemError("send", "\(path), which has become shorter", code: .invalidArgument)
      }
    } catch {
      breakOff()
      throw error
    }
    bodySent = count
    writer = nil
    answer = .complete
    withExtendedLifetime(file) {}
  }
}

extension StreamHandle {
  fileprivate static func writer(of handle: StreamHandle) -> StreamWriter { ByteStream(handle).writer }
}
