// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A program that was run to its end, and what it printed; Python's `subprocess.CompletedProcess`.
public struct CompletedProcess: Sendable {
  /// The program and its arguments.
  public let command: String
  /// How it ended, and what it used.
  public let status: ExitStatus
  /// Its standard output.
  public let stdout: [UInt8]
  /// Its standard error; empty where that was not a pipe.
  public let stderr: [UInt8]
  /// Whether a process that it started had its output open when it had ended, and might have printed more.
  public let outputIncomplete: Bool

  /// A result by its parts.
  public init(
    command: String, status: ExitStatus, stdout: [UInt8], stderr: [UInt8] = [], outputIncomplete: Bool = false
  ) {
    self.command = command
    self.status = status
    self.stdout = stdout
    self.stderr = stderr
    self.outputIncomplete = outputIncomplete
  }

  /// Its standard output as text, in UTF-8.
  public var output: String { String(decoding: stdout, as: UTF8.self) }

  /// Its standard error as text, in UTF-8.
  public var errorOutput: String { String(decoding: stderr, as: UTF8.self) }

  /// The status, or the negated signal that ended it; Python's `returncode`.
  public var returnCode: Int32 { status.returnCode }
}

/// A program failed, or printed more than its caller allows; Python's `CalledProcessError`. Its description says what
/// the program said last: `git clone x: exited with status 128: fatal: repository 'x' does not exist`.
///
/// ```swift
/// do {
///   try await Subprocess.run("git", "clone", "https://example.com/nothing")
/// } catch let error as CalledProcessError {
///   print(error, error.status?.returnCode ?? 0)
/// }
/// ```
public struct CalledProcessError: Error, Sendable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Hashable, Sendable {
    /// It ended with a status other than 0, or by a signal.
    case failed
    /// It printed more than this number of bytes.
    case outputLimit(Int)
  }

  /// What is wrong.
  public let reason: Reason
  /// The program and its arguments.
  public let command: String
  /// How it ended; nil if it has not.
  public let status: ExitStatus?
  /// What it had printed.
  public let stdout: [UInt8]
  /// What it had printed on standard error.
  public let stderr: [UInt8]

  /// An error by its parts.
  public init(_ reason: Reason, command: String, status: ExitStatus?, stdout: [UInt8] = [], stderr: [UInt8] = []) {
    self.reason = reason
    self.command = command
    self.status = status
    self.stdout = stdout
    self.stderr = stderr
  }

  /// The end of what it printed on standard error: the last lines, at most 2000 bytes.
  public var errorTail: String {
    let tail = String(decoding: stderr.suffix(2000), as: UTF8.self)
    let text = stderr.count > 2000 ? tail.drop { $0 != "\n" }.dropFirst() : Substring(tail)
    return String(text.reversed().drop { $0.isWhitespace }.reversed())
  }

  /// One line: the command, how it ended, and the last line that it printed on standard error.
  public var description: String {
    let lastLine = errorTail.split(whereSeparator: \.isNewline).last.map { ": \($0.prefix(500))" } ?? ""
    return switch reason {
    case .failed: "\(command): \(status?.description ?? "still runs")\(lastLine)"
    case .outputLimit(let limit): "\(command): printed more than \(limit) bytes"
    }
  }
}
