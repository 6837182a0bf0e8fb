// SPDX-License-Identifier: Apache-2.0
// Streams of what is not a socket, and of sockets that others have made. A pipe has one direction: reading ends and
// writing ends are readers and writers, and a process's two pipes make a ByteStream.

import AsyncIOCore

extension StreamReader {
  /// Reads from a descriptor that the program brings: a pipe, a terminal, a socket, a file at its position; asyncio's
  /// `connect_read_pipe`.
  ///
  /// ```swift
  /// let descriptor: Int32 = 5  // from a parent process, or a library
  /// let reader = try await StreamReader.adopting(descriptor)
  /// ```
  ///
  /// The descriptor is the stream's from now on, which may change its flags (O_NONBLOCK), and closes it.
  ///
  /// - Parameter limit: See `StreamReader.limit`.
  /// - Throws: `SystemError` if it is not an open descriptor, or is a socket that listens, or one that keeps messages
  ///   apart (SOCK_DGRAM, SOCK_SEQPACKET), which `RawSocket` is for. It is still the caller's then, and as it was.
  public nonisolated(nonsending) static func adopting(
    _ descriptor: Int32, limit: Int = 64 * 1024
  ) async throws -> StreamReader {
    StreamReader(try await onCurrentLoop { try $0.adopt(descriptor, limit: limit) })
  }

  /// The process's standard input, whatever it is; one that was closed when the loop started is empty. Its bytes go to
  /// one reader: the first one's.
  ///
  /// ```swift
  /// let input = try await StreamReader.standardInput()
  /// for try await line in input.lines { print(line) }
  /// ```
  ///
  /// The stream has a descriptor of its own: closing it leaves descriptor 0 as it is.
  public nonisolated(nonsending) static func standardInput(limit: Int = 64 * 1024) async throws -> StreamReader {
    StreamReader(try await onCurrentLoop { try $0.adoptStandard(0, reads: true, limit: limit) })
  }
}

extension StreamWriter {
  /// Writes to a descriptor that the program brings; asyncio's `connect_write_pipe`. See `StreamReader.adopting`.
  ///
  /// Writing to a pipe that nobody reads fails with EPIPE, and raises no SIGPIPE; what the process does with that
  /// signal stays as it is.
  public nonisolated(nonsending) static func adopting(_ descriptor: Int32) async throws -> StreamWriter {
    StreamWriter(try await onCurrentLoop { try $0.adopt(descriptor, reads: false, limit: 0) })
  }

  /// The process's standard output. What was written has left when `drain` or `close` returns.
  ///
  /// ```swift
  /// let output = try await StreamWriter.standardOutput()
  /// try await output.write("hello\n")
  /// try await output.close()
  /// ```
  ///
  /// The stream has a descriptor of its own: closing it leaves descriptor 1 as it is.
  public nonisolated(nonsending) static func standardOutput() async throws -> StreamWriter {
    StreamWriter(try await onCurrentLoop { try $0.adoptStandard(1, reads: false, limit: 0) })
  }

  /// The process's standard error; see `standardOutput`.
  public nonisolated(nonsending) static func standardError() async throws -> StreamWriter {
    StreamWriter(try await onCurrentLoop { try $0.adoptStandard(2, reads: false, limit: 0) })
  }
}

extension ByteStream {
  /// A connected socket that the program brings, from another library or from a parent process; asyncio's
  /// `connect_accepted_socket` and `open_connection(sock=)`. See `StreamReader.adopting`.
  public nonisolated(nonsending) static func adopting(
    _ descriptor: Int32, limit: Int = 64 * 1024
  ) async throws -> ByteStream {
    ByteStream(try await onCurrentLoop { try $0.adopt(descriptor, limit: limit) })
  }
}

/// A pipe within this process, or for a child of it; pipe(2).
///
/// ```swift
/// let (reader, writer) = try await makePipe()
/// try await writer.write("hello\n")
/// print(try await reader.readLine() ?? "")
/// ```
public nonisolated(nonsending) func makePipe(
  limit: Int = 64 * 1024
) async throws -> (reader: StreamReader, writer: StreamWriter) {
  let (reading, writing) = try await onCurrentLoop { loop in
    let ends = try loop.sockets.makePipe()
    return (
      loop.makeStream(Descriptor(ends.reading, of: loop.backend), peer: nil, isSocket: false, limit: limit),
      loop.makeStream(Descriptor(ends.writing, of: loop.backend), peer: nil, isSocket: false, reads: false, limit: 0)
    )
  }
  return (StreamReader(reading), StreamWriter(writing))
}

extension EventLoop {
  func adopt(_ number: Int32, reads: Bool = true, limit: Int) throws -> StreamHandle {
    // Before it is taken over, which changes its flags: what is refused is still the caller's.
    switch try sockets.kind(of: number) {
    case .listeningSocket: throw SystemError("adopt", "descriptor \(number), which listens", code: .invalidArgument)
    case .messageSocket:
      throw SystemError(
        "adopt", "descriptor \(number), a socket of messages: a stream would lose parts of them", code: .wrongType)
    default: break
    }
    let kind = try sockets.adopt(number)
    let descriptor = Descriptor(number, of: backend)
    return makeStream(descriptor, peer: nil, isSocket: kind == .socket, reads: reads || kind == .socket, limit: limit)
  }

  fileprivate func adoptStandard(_ number: Int32, reads: Bool, limit: Int) throws -> StreamHandle {
    let own = try sockets.openStandard(number)
    do { return try adopt(own, reads: reads, limit: limit) } catch {
      backend.close(descriptor: own)
      throw error
    }
  }
}
