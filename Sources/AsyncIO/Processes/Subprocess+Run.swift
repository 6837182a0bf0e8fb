// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

extension Subprocess {
  /// Runs a program to its end, and returns what it printed; Python's `subprocess.run`.
  ///
  /// ```swift
  /// let log = try await Subprocess.run("git", "log", "--oneline", cwd: "/srv/project")
  /// print(log.output.split(separator: "\n").count, "commits")
  /// ```
  ///
  /// **Cancellation**, and a time limit (`withTimeout`), end the program: SIGTERM, and SIGKILL after `grace`. Then this
  /// throws, when nothing is left of it.
  ///
  /// - Parameters:
  ///   - program: A path, or a name to look up in PATH.
  ///   - arguments: The arguments after the program's name.
  ///   - input: What the program reads from its standard input. nil leaves that as `stdin` says.
  ///   - stdin: The program's standard input, without `input`.
  ///   - stderr: Its standard error. A pipe is collected, too.
  ///   - cwd: Its working directory; nil is this process's.
  ///   - env: Its environment.
  ///   - limit: How many bytes it may print. If it prints more, it is ended.
  ///   - check: Whether a status other than 0, or an end by a signal, is an error.
  ///   - grace: How long it may take to end when it has to.
  ///   - outputGrace: How long to wait for the end of its output after its own end; see `outputIncomplete`.
  ///   - options: Session, group, user, limits, further descriptors.
  /// - Throws: `CalledProcessError`, which has the output so far, if it fails or prints too much; `SystemError` if it
  ///   can't be started; `CancellationError`.
  @discardableResult
  public nonisolated(nonsending) static func run(
    _ program: String, _ arguments: String..., input: [UInt8]? = nil, stdin: SubprocessStream = .inherit,
    stderr: SubprocessStream = .pipe, cwd: String? = nil, env: SubprocessEnvironment = .inherit,
    limit: Int = 16 * 1024 * 1024, check: Bool = true, grace: Duration = .seconds(5),
    outputGrace: Duration = .seconds(2), options: SubprocessOptions = SubprocessOptions()
  ) async throws -> CompletedProcess {
    try await run(
      program, arguments, input: input, stdin: stdin, stderr: stderr, cwd: cwd, env: env, limit: limit, check: check,
      grace: grace, outputGrace: outputGrace, options: options)
  }

  /// Runs a program with a text, in UTF-8, as its standard input; see `run(_:_:input:…)`.
  ///
  /// ```swift
  /// let sum = try await Subprocess.run("sha256sum", input: "hello")
  /// print(sum.output)
  /// ```
  @discardableResult
  public nonisolated(nonsending) static func run(
    _ program: String, _ arguments: String..., input: String, stderr: SubprocessStream = .pipe, cwd: String? = nil,
    env: SubprocessEnvironment = .inherit, limit: Int = 16 * 1024 * 1024, check: Bool = true,
    grace: Duration = .seconds(5), outputGrace: Duration = .seconds(2),
    options: SubprocessOptions = SubprocessOptions()
  ) async throws -> CompletedProcess {
    try await run(
      program, arguments, input: Array(input.utf8), stderr: stderr, cwd: cwd, env: env, limit: limit, check: check,
      grace: grace, outputGrace: outputGrace, options: options)
  }

  /// Runs a program with an array of arguments; see `run(_:_:input:…)`.
  @discardableResult
  public nonisolated(nonsending) static func run(
    _ program: String, _ arguments: [String], input: [UInt8]? = nil, stdin: SubprocessStream = .inherit,
    stderr: SubprocessStream = .pipe, cwd: String? = nil, env: SubprocessEnvironment = .inherit,
    limit: Int = 16 * 1024 * 1024, check: Bool = true, grace: Duration = .seconds(5),
    outputGrace: Duration = .seconds(2), options: SubprocessOptions = SubprocessOptions()
  ) async throws -> CompletedProcess {
    let command = SubprocessCommand(
      program: program, arguments: arguments, stdin: input == nil ? stdin : .pipe, stdout: .pipe, stderr: stderr,
      cwd: cwd, env: env, options: options, limit: 64 * 1024)
    return try await command.start(keepsNumber: true).complete(
      input: input ?? [], limit: limit, check: check, grace: grace, outputGrace: outputGrace)
  }

  /// Has a shell run a command line to its end, and returns what it printed. The shell reads all of the text: never put
  /// into it what a stranger wrote. See `run(_:_:input:…)`.
  ///
  /// ```swift
  /// let largest = try await Subprocess.runShell("du -s * | sort -n | tail -1")
  /// print(largest.output)
  /// ```
  @discardableResult
  public nonisolated(nonsending) static func runShell(
    _ command: String, input: [UInt8]? = nil, stdin: SubprocessStream = .inherit, stderr: SubprocessStream = .pipe,
    cwd: String? = nil, env: SubprocessEnvironment = .inherit, limit: Int = 16 * 1024 * 1024, check: Bool = true,
    grace: Duration = .seconds(5), outputGrace: Duration = .seconds(2),
    options: SubprocessOptions = SubprocessOptions(), shell: String = "/bin/sh"
  ) async throws -> CompletedProcess {
    try await run(
      shell, ["-c", command], input: input, stdin: stdin, stderr: stderr, cwd: cwd, env: env, limit: limit,
      check: check, grace: grace, outputGrace: outputGrace, options: options)
  }

  private nonisolated(nonsending) func complete(
    input: [UInt8], limit: Int, check: Bool, grace: Duration, outputGrace: Duration
  ) async throws -> CompletedProcess {
    try await onLoop { child in
      let end: ExchangeEnd
      do {
        end = try await self.exchange(input: input, limit: limit, outputGrace: outputGrace)
      } catch {
        await self.endAll(child, grace)
        throw error
      }
      await self.endAll(child, end == .limitExceeded ? .zero : grace)
      if end == .limitExceeded { throw self.error(.outputLimit(limit)) }
      let status = child.exit ?? ExitStatus(.lost)
      if check && !status.isSuccess { throw self.error(.failed) }
      return CompletedProcess(
        command: self.command, status: status, stdout: child.exchange.output, stderr: child.exchange.errors,
        outputIncomplete: end == .outputIncomplete)
    }
  }

  private nonisolated(nonsending) func endAll(_ child: Child, _ grace: Duration) async {
    await child.end(within: grace)
    streams.abort()
  }
}
