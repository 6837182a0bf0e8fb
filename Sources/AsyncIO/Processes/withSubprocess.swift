// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Starts a program for the time of a body, and ends it afterwards.
///
/// ```swift
/// try await withSubprocess("redis-server", "--port", "7001", stdout: .pipe) { server in
///   for try await line in server.output.lines where line.contains("Ready to accept") { break }
///   let (reader, writer) = try await openConnection(host: "127.0.0.1", port: 7001)
///   try await writer.write("PING\r\n")
///   print(try await reader.readLine() ?? "")
/// }
/// ```
///
/// However the body ends, the child is ended before this returns: SIGTERM, and SIGKILL after `grace`. If it leads a
/// process group or a session (`SubprocessOptions`), so is every other process in the group. Its pipes are closed. A
/// body that wants the child to end by itself waits for it.
///
/// **Cancellation** is for the body; the child is ended all the same.
///
/// - Parameters:
///   - program: A path, or a name to look up in PATH; see `createSubprocessExec` for the rest.
///   - grace: How long the child may take to end by SIGTERM.
/// - Throws: `SystemError` if the program can't be started; the body's error.
public nonisolated(nonsending) func withSubprocess<Result>(
  _ program: String, _ arguments: String..., stdin: SubprocessStream = .inherit, stdout: SubprocessStream = .inherit,
  stderr: SubprocessStream = .inherit, cwd: String? = nil, env: SubprocessEnvironment = .inherit,
  options: SubprocessOptions = SubprocessOptions(), limit: Int = 64 * 1024, grace: Duration = .seconds(5),
  _ body: nonisolated(nonsending) (Subprocess) async throws -> Result
) async throws -> Result {
  try await withSubprocess(
    program, arguments, stdin: stdin, stdout: stdout, stderr: stderr, cwd: cwd, env: env, options: options,
    limit: limit, grace: grace, body)
}

/// Starts a program with an array of arguments for the time of a body, and ends it afterwards; see
/// `withSubprocess(_:_:stdin:…)`.
public nonisolated(nonsending) func withSubprocess<Result>(
  _ program: String, _ arguments: [String], stdin: SubprocessStream = .inherit, stdout: SubprocessStream = .inherit,
  stderr: SubprocessStream = .inherit, cwd: String? = nil, env: SubprocessEnvironment = .inherit,
  options: SubprocessOptions = SubprocessOptions(), limit: Int = 64 * 1024, grace: Duration = .seconds(5),
  _ body: nonisolated(nonsending) (Subprocess) async throws -> Result
) async throws -> Result {
  let command = SubprocessCommand(
    program: program, arguments: arguments, stdin: stdin, stdout: stdout, stderr: stderr, cwd: cwd, env: env,
    options: options, limit: limit)
  let process = try await command.start(keepsNumber: true)
  do {
    let result = try await body(process)
    _ = try? await process.end(grace: grace)
    return result
  } catch {
    _ = try? await process.end(grace: grace)
    throw error
  }
}
