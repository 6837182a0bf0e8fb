// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// A child process; asyncio's `Process`. (Foundation has a `Process`, too.)
///
/// ```swift
/// let child = try await createSubprocessExec("ping", "-c", "3", "127.0.0.1", stdout: .pipe)
/// for try await line in child.output.lines { print(line) }
/// print(try await child.wait())
/// ```
///
/// Its end and the end of its output are two events: a child may close its output and go on, and its own children may
/// keep the output open when it has ended. `wait` waits for the first, a read at the end for the second, `communicate`
/// and `run` for both.
///
/// The system keeps no trace of a child that has ended, whether anybody waits for it or not. Signals go by a descriptor
/// of the process (pidfd), so they can't reach another process that has got its number. One that still runs when the
/// loop ends is killed; `withSubprocess` ends it before, and gracefully.
public final class Subprocess: Sendable {
  let child: Child
  let streams: ChildStreams
  /// The program and its arguments, for messages.
  let command: String

  init(_ child: Child, _ streams: ChildStreams, command: String) {
    self.child = child
    self.streams = streams
    self.command = command
  }

  /// The number of the process; asyncio's `pid`.
  public var id: Int32 { child.id }

  /// Writes to its standard input; nil unless that is a pipe.
  public var stdin: StreamWriter? { streams.stdin }

  /// Reads its standard output; nil unless that is a pipe.
  public var stdout: StreamReader? { streams.stdout }

  /// Reads its standard error; nil unless that is a pipe.
  public var stderr: StreamReader? { streams.stderr }

  /// Reads its standard output, which must be a pipe.
  ///
  /// ```swift
  /// let child = try await createSubprocessExec("ls", stdout: .pipe)
  /// for try await name in child.output.lines { print(name) }
  /// ```
  public var output: StreamReader {
    guard let stdout else { fatalError("Subprocess.output: start \(command) with stdout: .pipe") }
    return stdout
  }

  /// Writes to its standard input, which must be a pipe.
  public var input: StreamWriter {
    guard let stdin else { fatalError("Subprocess.input: start \(command) with stdin: .pipe") }
    return stdin
  }

  /// This process's side of the child's pseudo-terminal: what the child prints, and what is typed into it. nil unless
  /// `SubprocessOptions.terminal` asked for one. The stream ends when no process has the terminal open.
  ///
  /// ```swift
  /// let options = SubprocessOptions(terminal: TerminalSize(rows: 24, columns: 80))
  /// let child = try await createSubprocessExec("top", "-n", "1", options: options)
  /// if let terminal = child.terminal { print(try await terminal.readToEnd().count, "bytes of a screen") }
  /// ```
  public var terminal: ByteStream? { streams.terminal }

  /// Runs a body on the loop that the child belongs to.
  nonisolated(nonsending) func onLoop<Result: Sendable>(
    _ body: @Sendable (Child) async throws -> Result
  ) async throws -> Result {
    let loop = child.loop
    if loop.isCurrent(for: #isolation) { return try await body(child) }
    if loop.isClosed { throw EventLoopError.closed }
    return try await loop.anchor.run {
      guard !loop.isClosed else { throw EventLoopError.closed }
      return try await body(child)
    }
  }

  // MARK: - The end

  /// Waits until the process has ended. What it has printed may still be unread. Several tasks may wait.
  ///
  /// ```swift
  /// let child = try await createSubprocessExec("make")
  /// let status = try await child.wait()
  /// if !status.isSuccess { print(status) }
  /// ```
  ///
  /// A child whose output is a pipe that nobody reads may wait for room in it, and never end.
  ///
  /// **Cancellation** ends the wait. The process goes on, and another `wait` gets its status.
  ///
  /// - Returns: How it ended, and what it used.
  @discardableResult
  public nonisolated(nonsending) func wait() async throws -> ExitStatus {
    try await onLoop { child in try await child.wait() }
  }

  /// How the process ended; nil while it runs, and until the loop has learned of its end. On the child's loop.
  public var exitStatus: ExitStatus? { child.exit }

  /// The status with which it ended, or the negated signal; asyncio's `returncode`. nil while it runs. On the child's
  /// loop.
  public var returnCode: Int32? { child.exit?.returnCode }

  // MARK: - Signals

  /// Sends a signal; asyncio's `send_signal`. Nothing happens if the process has ended. On the child's loop.
  ///
  /// ```swift
  /// let child = try await createSubprocessExec("sleep", "60")
  /// try child.sendSignal(.user1)
  /// ```
  ///
  /// - Throws: `SystemError` with EPERM if the process runs as a user whose processes this one may not signal.
  public func sendSignal(_ signal: Signal, file: StaticString = #fileID, line: UInt = #line) throws {
    CodePlace(file: file, line: line).require(
      child.loop.isCurrent, "Subprocess.sendSignal: called off the loop of the child")
    try child.send(signal)
  }

  /// Asks the process to end, by SIGTERM; asyncio's `terminate`. See `sendSignal`.
  public func terminate(file: StaticString = #fileID, line: UInt = #line) throws {
    try sendSignal(.terminate, file: file, line: line)
  }

  /// Ends the process at once, by SIGKILL; asyncio's `kill`. See `sendSignal`.
  public func kill(file: StaticString = #fileID, line: UInt = #line) throws {
    try sendSignal(.kill, file: file, line: line)
  }

  /// Ends the process, and waits until it has ended: SIGTERM, and SIGKILL after the time. If it leads a process group,
  /// or a session, all processes in the group get the signals. Then closes its pipes.
  ///
  /// ```swift
  /// let server = try await createSubprocessExec("nginx", "-g", "daemon off;")
  /// try await sleep(.seconds(10))
  /// print(try await server.end(grace: .seconds(3)))
  /// ```
  ///
  /// **Cancellation** is without effect.
  ///
  /// - Returns: How it ended. Where SIGKILL has no effect within five seconds, the exception handler is told, and the
  ///   status is lost.
  @discardableResult
  public nonisolated(nonsending) func end(grace: Duration = .seconds(5)) async throws -> ExitStatus {
    try await onLoop { child in
      await child.end(within: grace)
      streams.abort()
      return child.exit ?? ExitStatus(.lost)
    }
  }

  /// Changes the size of its pseudo-terminal; the child gets SIGWINCH. On the child's loop.
  ///
  /// - Throws: `SystemError` without a terminal.
  public func setTerminalSize(_ size: TerminalSize) throws {
    let number = streams.terminal.map { $0.reader.handle.transport.number } ?? -1
    let result = child.loop.backend.processes.setSize(size, ofTerminal: number)
    if result < 0 { throw SystemError("ioctl", "the terminal of \(command)", result: result) }
  }
}

extension Subprocess: CustomStringConvertible {
  /// The command and the number of the process.
  public var description: String { "\(command) (process \(id))" }
}
