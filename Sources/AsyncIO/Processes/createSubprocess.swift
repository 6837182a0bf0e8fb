// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Starts a program; asyncio's `create_subprocess_exec`. It goes on while the caller does.
///
/// ```swift
/// let child = try await createSubprocessExec("sort", "-n", stdin: .pipe, stdout: .pipe)
/// let (sorted, _) = try await child.communicate("3\n1\n2\n")
/// print(String(decoding: sorted, as: UTF8.self))
/// ```
///
/// `Subprocess.run` starts a program, waits for it and collects its output, for everyday use. `withSubprocess` also
/// ends it. A child that is started here and still runs at the end of its loop is killed then.
///
/// Each argument reaches the program as it is; no shell reads it. The child gets the standard streams, and no other
/// descriptor of this process. No signal is blocked in it, and none ignored; SIGHUP, SIGINT and SIGQUIT stay ignored
/// where this process ignores them, as under `nohup`.
///
/// **Cancellation** of a task that was cancelled before throws, and starts nothing. A child that was started is
/// returned even to a cancelled task, which has to end it.
///
/// - Parameters:
///   - program: A path, or a name to look up in PATH; in that of `env`, if it has one. A relative path is relative to
///     `cwd`.
///   - arguments: The arguments after the program's name.
///   - stdin: The child's standard input.
///   - stdout: Its standard output.
///   - stderr: Its standard error.
///   - cwd: Its working directory; nil is this process's.
///   - env: Its environment.
///   - options: The rest: session, group, user, limits, a terminal, further descriptors.
///   - limit: The `StreamReader.limit` of its pipes, in bytes.
/// - Throws: `SystemError` that names the program, and the step that failed: `spawn /no/such: no such file or directory
///   (ENOENT)`. Nothing is left of the child then.
public nonisolated(nonsending) func createSubprocessExec(
  _ program: String, _ arguments: String..., stdin: SubprocessStream = .inherit, stdout: SubprocessStream = .inherit,
  stderr: SubprocessStream = .inherit, cwd: String? = nil, env: SubprocessEnvironment = .inherit,
  options: SubprocessOptions = SubprocessOptions(), limit: Int = 64 * 1024
) async throws -> Subprocess {
  try await createSubprocessExec(
    program, arguments, stdin: stdin, stdout: stdout, stderr: stderr, cwd: cwd, env: env, options: options, limit: limit
  )
}

/// Starts a program with an array of arguments; see `createSubprocessExec(_:_:stdin:…)`.
///
/// ```swift
/// let files = ["a.txt", "b.txt"]
/// let child = try await createSubprocessExec("wc", ["-l"] + files)
/// try await child.wait()
/// ```
public nonisolated(nonsending) func createSubprocessExec(
  _ program: String, _ arguments: [String], stdin: SubprocessStream = .inherit, stdout: SubprocessStream = .inherit,
  stderr: SubprocessStream = .inherit, cwd: String? = nil, env: SubprocessEnvironment = .inherit,
  options: SubprocessOptions = SubprocessOptions(), limit: Int = 64 * 1024
) async throws -> Subprocess {
  let command = SubprocessCommand(
    program: program, arguments: arguments, stdin: stdin, stdout: stdout, stderr: stderr, cwd: cwd, env: env,
    options: options, limit: limit)
  return try await command.start()
}

/// Has a shell run a command line; asyncio's `create_subprocess_shell`. Everything else is as with
/// `createSubprocessExec`.
///
/// ```swift
/// let child = try await createSubprocessShell("du -s * | sort -n | tail -3", stdout: .pipe)
/// for try await line in child.output.lines { print(line) }
/// try await child.wait()
/// ```
///
/// The shell reads all of the text: never put into it what a stranger wrote. Use `createSubprocessExec` for that.
///
/// - Parameter shell: The shell, which gets the arguments `-c` and the command.
public nonisolated(nonsending) func createSubprocessShell(
  _ command: String, stdin: SubprocessStream = .inherit, stdout: SubprocessStream = .inherit,
  stderr: SubprocessStream = .inherit, cwd: String? = nil, env: SubprocessEnvironment = .inherit,
  options: SubprocessOptions = SubprocessOptions(), limit: Int = 64 * 1024, shell: String = "/bin/sh"
) async throws -> Subprocess {
  try await createSubprocessExec(
    shell, ["-c", command], stdin: stdin, stdout: stdout, stderr: stderr, cwd: cwd, env: env, options: options,
    limit: limit)
}
