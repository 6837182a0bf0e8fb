// SPDX-License-Identifier: Apache-2.0
// The exchange with a child: writes its input, reads its output, and waits for its end, all at the same time. Doing one
// after the other would come to a halt as soon as a pipe is full.
//
// What has been read stays with the child until it is handed out. So a cancelled exchange loses nothing, and the next
// one goes on where it was.
//
// After the child's end its output ends at once, unless a process that it started holds the pipe. Then the exchange
// waits for a bounded time, and says that the output is incomplete.

import AsyncIOCore

/// How far the exchange with a child has come. On its loop.
struct Exchange {
  var output: [UInt8] = []
  var errors: [UInt8] = []
  /// How much of the input was written.
  var written = 0
}

extension Subprocess {
  /// How an exchange ended.
  enum ExchangeEnd: Sendable {
    case complete
    /// Other processes still have the child's output open.
    case outputIncomplete
    case limitExceeded
  }

  private enum Part: Sendable {
    case input, output, time
    case overrun
  }

  /// On the child's loop.
  nonisolated(nonsending) func exchange(
    input: [UInt8], limit: Int, outputGrace: Duration
  ) async throws -> ExchangeEnd {
    let readers = [streams.stdout, streams.stderr]
    var parts = 1 + readers.count { $0 != nil }
    let end = try await withThrowingTaskGroup(of: Part.self) { group in
      group.addTask { try await self.give(input) }
      for (place, reader) in readers.enumerated() {
        guard let reader else { continue }
        group.addTask { try await self.take(reader, isErrors: place == 1, limit: limit) }
      }
      group.addTask {
        try await self.wait()
        try await sleep(outputGrace)
        return .time
      }
      defer { group.cancelAll() }
      while parts > 0, let part = try await group.next() {
        switch part {
        case .input, .output: parts -= 1
        case .time: return ExchangeEnd.outputIncomplete
        case .overrun: return .limitExceeded
        }
      }
      return .complete
    }
    if end == .complete { try await wait() }
    return end
  }

  /// Writes the input, and ends it. A child may end, or close its input, without having read everything.
  private nonisolated(nonsending) func give(_ input: [UInt8]) async throws -> Part {
    guard let stdin = streams.stdin else { return .input }
    do {
      while child.exchange.written < input.count {
        try await child.loop.spendBudget()
        let piece = input[child.exchange.written...].prefix(64 * 1024)
        let transport = stdin.handle.transport
        let isFull = try unsafe piece.withUnsafeBytes { try unsafe transport.write($0) }
        // It was taken, even if the wait for room is cancelled.
        child.exchange.written += piece.count
        if isFull { try await transport.waitForRoom() }
      }
      try await stdin.close()
    } catch let error as SystemError where error.code == .brokenPipe || error.code == .connectionReset {
      stdin.abort()
    } catch let error as StreamError where error == .writeAfterEnd {
      // An earlier exchange, or the caller, has closed it.
    }
    return .input
  }

  private nonisolated(nonsending) func take(_ reader: StreamReader, isErrors: Bool, limit: Int) async throws -> Part {
    var piece: [UInt8] = []
    while try await reader.read(into: &piece) > 0 {
      if isErrors { child.exchange.errors += piece } else { child.exchange.output += piece }
      if child.exchange.output.count + child.exchange.errors.count > limit { return .overrun }
    }
    return .output
  }
}
