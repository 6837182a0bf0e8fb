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

/// A file of the loop's file system, opened and, if little of it is wanted, read in one job.
private struct ServedFile: Sendable {
  let file: OpenFile
  let size: Int
  /// The wanted bytes, if they are few.
  let bytes: [UInt8]?

  init(_ path: String, of files: any FileSystem, from offset: Int, count: Int?, readingUpTo most: Int) throws(Errno) {
    file = try OpenFile(Path(path), of: files, flags: O_RDONLY)
    let status = try files.status(of: file.number)
    guard status.isFile else { throw Errno(status.isDirectory ? EISDIR : EINVAL) }
    size = status.size
    let wanted = min(count ?? .max, max(0, size - offset))
    let read = wanted <= most ? try EventLoop.readNow(file, at: offset, upTo: wanted) : nil
    bytes = read?.count == wanted ? read : nil
  }
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
    let served = try await transport.loop.runFileJob(WaitReason("open", on: waited)) { files in
      do throws(Errno) {
        return try ServedFile(path, of: files, from: offset, count: count, readingUpTo: Self.largeBody)
      } catch { throw error.named("open", path) }
    }
    if let bytes = served.bytes {
      let waits = try bytes.withUnsafeBytes { try answer(number, status, fields, contentType, isText: false, $0) }
      if waits { try await transport.waitForRoom() }
      return
    }
    let count = min(count ?? .max, max(0, served.size - offset))
    guard try beginStreaming(number, status, fields, contentType, count) else { return }
    do {
      _ = try send()
      let sent = try await StreamHandle.writer(of: handle).sendFile(
        served.file, named: path, from: offset, count: count)
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
  }
}

extension StreamHandle {
  fileprivate static func writer(of handle: StreamHandle) -> StreamWriter { ByteStream(handle).writer }
}
