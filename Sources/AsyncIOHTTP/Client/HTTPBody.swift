// SPDX-License-Identifier: Apache-2.0
// The body of a response, which also holds the connection until the body is complete. Bytes that arrived with the head
// are taken at once. Most bodies are complete then, and their connection is free before anyone has read them. The rest
// stays in the stream until it is read, which makes the server wait.
//
// Everything here belongs to the loop's thread; `next`, `bytes` and `deinit` see to that.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

/// The body of a response, as the pieces in which it arrives. It can be read once.
///
/// A second iteration continues where the first one stopped. The server has to wait while the program does not read.
///
/// ```swift
/// var size = 0
/// for try await piece in try await fetch("http://127.0.0.1:8080/big").body { size += piece.count }
/// ```
///
/// Iterating throws `HTTPError` if the rest can't be received. Every later attempt throws that error again.
///
/// **Cancellation** of an iteration throws `CancellationError` and loses no data: the rest can still be read.
public final class HTTPBody: AsyncSequence, @unchecked Sendable {
  // Sendable: see the head of the file.

  /// A piece of the body.
  public typealias Element = [UInt8]

  private enum State {
    case reading(HTTPConnection, OriginPool)
    case complete
    case failed(any Error)
  }

  private let loop: EventLoop
  private let head: HTTP1ResponseHead
  private let request: Request
  @exclusivity(unchecked) private var state: State
  /// Bytes taken from the stream but not yet handed out.
  @exclusivity(unchecked) private var taken: [UInt8] = []

  init(head: HTTP1ResponseHead, request: Request, connection: HTTPConnection, pool: OriginPool) {
    loop = connection.transport.loop
    self.head = head
    self.request = request
    state = .reading(connection, pool)
    let takesNow =
      switch head.framing {
      case .none: true
      case .contentLength(let length): length <= connection.transport.unreadCount
      case .chunked: connection.transport.unreadCount > 0
      case .untilClose: false
      }
    if takesNow { try? take(from: connection, pool) }
  }

  deinit {
    guard case .reading(let connection, let pool) = state else { return }
    if loop.isCurrent {
      Drain.start(connection, of: pool, after: head)
    } else if !loop.isClosed {
      let abandoned = Abandoned(connection: connection, pool: pool, head: head)
      loop.postFromAnywhere { _ in Drain.start(abandoned.connection, of: abandoned.pool, after: abandoned.head) }
    }
  }

  // MARK: - Reading

  /// Makes an iterator that continues where the last one stopped.
  public func makeAsyncIterator() -> Iterator { Iterator(body: self) }

  /// Pulls the pieces.
  public struct Iterator: AsyncIteratorProtocol {
    let body: HTTPBody

    /// The next piece, or nil at the end.
    public mutating func next() async throws -> [UInt8]? { try await body.next() }

    /// The next piece, or nil at the end.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> [UInt8]? {
      try await body.next()
    }
  }

  nonisolated(nonsending) func next() async throws -> [UInt8]? {
    if loop.isCurrent(for: #isolation) { return try await nextOnLoop() }
    if loop.isClosed { throw EventLoopError.closed }
    return try await loop.anchor.run { try await self.nextOnLoop() }
  }

  nonisolated(nonsending) func bytes(upTo limit: Int) async throws -> [UInt8] {
    if loop.isCurrent(for: #isolation) { return try await bytesOnLoop(upTo: limit, request.deadlines) }
    if loop.isClosed { throw EventLoopError.closed }
    return try await loop.anchor.run { try await self.bytesOnLoop(upTo: limit, self.request.deadlines) }
  }

  /// Reads to the end if it is near and the connection can be reused; otherwise closes the connection.
  nonisolated(nonsending) func discard(within time: Duration) async {
    guard case .reading(let connection, let pool) = state else { return }
    guard time > .zero, connection.isWorthDraining(after: head) else {
      return end(connection, pool, request.error(.bodyTooLarge(limit: 0)))
    }
    let deadline = loop.deadline(after: time.clampedNanoseconds)
    _ = try? await bytesOnLoop(upTo: Drain.limit, request.deadlines.until(deadline))
  }

  // MARK: - On the loop

  private nonisolated(nonsending) func nextOnLoop() async throws -> [UInt8]? {
    try await loop.spendBudget()
    while true {
      if !taken.isEmpty { return handOut() }
      switch state {
      case .complete: return nil
      case .failed(let error): throw error
      case .reading(let connection, let pool):
        try take(from: connection, pool)
        if taken.isEmpty, case .reading = state { try await wait(for: connection, pool, request.deadlines) }
      }
    }
  }

  private nonisolated(nonsending) func bytesOnLoop(
    upTo limit: Int, _ deadlines: Deadlines
  ) async throws -> [UInt8] {
    if case .contentLength(let length) = head.framing, length > limit { throw tooLarge(limit) }
    while true {
      try await loop.spendBudget()
      if taken.count > limit { throw tooLarge(limit) }
      switch state {
      case .complete: return handOut()
      case .failed(let error): throw error
      case .reading(let connection, let pool):
        try take(from: connection, pool)
        if taken.count <= limit, case .reading = state { try await wait(for: connection, pool, deadlines) }
      }
    }
  }

  private func handOut() -> [UInt8] {
    let bytes = taken
    taken = []
    return bytes
  }

  private func tooLarge(_ limit: Int) -> any Error {
    let error = request.error(.bodyTooLarge(limit: limit))
    taken = []
    if case .reading(let connection, let pool) = state { end(connection, pool, error) } else { state = .failed(error) }
    return error
  }

  /// Takes the bytes that have arrived.
  private func take(from connection: HTTPConnection, _ pool: OriginPool) throws {
    do {
      if try connection.takeBody(into: &taken) {
        state = .complete
        pool.release(connection, reusable: connection.canBeUsedAgain(after: head))
      }
    } catch {
      let described = request.describe(error, in: .receiving, on: loop)
      end(connection, pool, described)
      // Bytes that arrived before the failure are handed out first.
      if taken.isEmpty { throw described }
    }
  }

  private nonisolated(nonsending) func wait(
    for connection: HTTPConnection, _ pool: OriginPool, _ deadlines: Deadlines
  ) async throws {
    do {
      try await connection.waitForBody(deadlines)
    } catch let error as CancellationError {
      throw error
    } catch let error as StreamError where error == .concurrentRead {
      throw error
    } catch {
      let described = request.describe(error, in: .receiving, on: loop)
      end(connection, pool, described)
      throw described
    }
  }

  private func end(_ connection: HTTPConnection, _ pool: OriginPool, _ error: any Error) {
    state = .failed(error)
    connection.abort()
    pool.lost()
  }
}

/// Carries the connection of a response that was dropped on another thread to its loop.
private struct Abandoned: @unchecked Sendable {
  // Sendable: carried to the loop's thread, and used only there.
  let connection: HTTPConnection
  let pool: OriginPool
  let head: HTTP1ResponseHead
}
