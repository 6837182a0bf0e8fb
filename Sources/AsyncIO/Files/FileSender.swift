// SPDX-License-Identifier: Apache-2.0
// A file on its way into a socket: sendfile(2), piece by piece, for streams and for sockets of the program's own.
// io_uring has no operation for it. The call itself would block where the file has to be read from the disk first. So
// each piece is looked up in the page cache, and one that isn't there is read in on a thread of the pool before.
//
// sendfile takes files of a file system only (/proc has others), and sockets of a kernel. What it refuses (EINVAL and
// its kin; sendfile(2) says that the caller may go back to reading and writing) is read and sent in pieces:
// `copyPiece`.

import AsyncIOCore
import Glibc

struct FileSender {
  /// What is sent at a time: others have their turn after it.
  private static let piece = 512 * 1024

  enum Step {
    case sent(Int)
    /// The socket's buffer is full.
    case isFull
    case ended
    /// The bytes have to pass through the process.
    case wantsCopy
    case failed(SystemError.Code)
  }

  let source: FileSource
  private let offset: Int
  private let count: Int
  private(set) var sent = 0

  /// - Parameter count: How much to send at most.
  init(_ source: FileSource, from offset: Int, count: Int) {
    self.source = source
    self.offset = offset
    self.count = count
  }

  var isDone: Bool { sent >= count }

  /// Where the next piece begins.
  var position: Int { offset + sent }

  /// Whether the next piece is in memory, as far as its first byte tells.
  var isCached: Bool { source.isCached(at: position) }

  private var wanted: Int { min(Self.piece, count - sent) }

  /// Sees to it that the next piece is in memory.
  ///
  /// - Parameter wait: What the task waits for meanwhile.
  nonisolated(nonsending) func readAhead(on loop: EventLoop, _ wait: WaitReason) async throws {
    if !isCached { _ = try await read(wanted, on: loop, wait) }
  }

  /// Sends what fits of the next piece without waiting.
  ///
  /// - Parameter call: sendfile, of a file from an offset so many bytes: their number, or a negative errno.
  mutating func sendPiece(_ call: (_ file: Int32, _ offset: Int, _ count: Int) -> Int) -> Step {
    let result = call(source.descriptor, position, wanted)
    if result > 0 {
      sent += result
      return .sent(result)
    }
    if result == 0 { return .ended }
    let code = SystemError.Code(rawValue: Int32(-result))
    if code.isTemporary { return .isFull }
    return [EINVAL, ENOSYS, EOPNOTSUPP].contains(code.rawValue) ? .wantsCopy : .failed(code)
  }

  /// The next piece, to be sent in another way; empty at the end of the file.
  nonisolated(nonsending) func copyPiece(on loop: EventLoop, _ wait: WaitReason) async throws -> [UInt8] {
    try await read(min(Self.piece / 2, wanted), on: loop, wait)
  }

  /// That many bytes were sent in another way.
  mutating func advance(by count: Int) { sent += count }

  private nonisolated(nonsending) func read(
    _ count: Int, on loop: EventLoop, _ wait: WaitReason
  ) async throws -> [UInt8] {
    let (source, position) = (source, position)
    guard let files = source.fileSystem else {
      return try await loop.runBlocking(wait) { source.read(from: position, upTo: count) }.get()
    }
    return try await loop.runFileJob(wait, on: files) { _ in try source.read(from: position, upTo: count).get() }
  }
}
