// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

extension Subprocess {
  /// Writes to the child's standard input and closes it, reads its outputs to their ends, and waits until it has ended;
  /// asyncio's `communicate`.
  ///
  /// ```swift
  /// let child = try await createSubprocessExec("tr", "a-z", "A-Z", stdin: .pipe, stdout: .pipe)
  /// let (output, _) = try await child.communicate(Array("quiet".utf8))
  /// print(String(decoding: output, as: UTF8.self))  // QUIET
  /// ```
  ///
  /// Streams that are not pipes are left alone. A child that doesn't read its input to the end is not an error. If
  /// other processes keep the output open after the child's end, this returns after `outputGrace`, and has the output
  /// so far.
  ///
  /// **Cancellation** throws, and loses nothing: the child goes on, and another call, with the same input, continues
  /// and returns everything from the beginning.
  ///
  /// - Parameters:
  ///   - input: What the child reads.
  ///   - limit: How many bytes both outputs may have together.
  ///   - outputGrace: How long to wait for the end of the output after the child's end.
  /// - Returns: The child's standard output and standard error; empty where that is not a pipe.
  /// - Throws: `CalledProcessError`, which has the output so far, if that is more than the limit. The child still runs
  ///   then.
  public nonisolated(nonsending) func communicate(
    _ input: [UInt8] = [], limit: Int = 64 * 1024 * 1024, outputGrace: Duration = .seconds(2)
  ) async throws -> (stdout: [UInt8], stderr: [UInt8]) {
    try await onLoop { child in
      let end = try await self.exchange(input: input, limit: limit, outputGrace: outputGrace)
      let exchange = child.exchange
      if end == .limitExceeded { throw self.error(.outputLimit(limit)) }
      child.exchange = Exchange()
      return (exchange.output, exchange.errors)
    }
  }

  /// Writes a text in UTF-8 to the child's standard input; see `communicate(_:limit:outputGrace:)`.
  public nonisolated(nonsending) func communicate(
    _ input: String, limit: Int = 64 * 1024 * 1024, outputGrace: Duration = .seconds(2)
  ) async throws -> (stdout: [UInt8], stderr: [UInt8]) {
    try await communicate(Array(input.utf8), limit: limit, outputGrace: outputGrace)
  }

  /// An error that has the output so far. On the child's loop.
  func error(_ reason: CalledProcessError.Reason) -> CalledProcessError {
    CalledProcessError(
      reason, command: command, status: child.exit, stdout: child.exchange.output, stderr: child.exchange.errors)
  }
}
