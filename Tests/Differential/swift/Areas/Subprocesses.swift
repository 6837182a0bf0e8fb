// SPDX-License-Identifier: Apache-2.0
// Child processes: createSubprocessExec, createSubprocessShell, and Subprocess.

import AsyncIO

@MainActor func subprocesses(_ area: Area) {
  area.scenario("a_child_prints_lines") { log in
    let child = try await createSubprocessExec("printf", "a\\nb\\nc", stdout: .pipe)
    for try await line in child.output.lines { log(line) }
    log("\(try await child.wait().returnCode)")
  }

  area.scenario("communicate_gives_both_outputs") { log in
    let child = try await createSubprocessShell(
      "cat; echo oops >&2; exit 3", stdin: .pipe, stdout: .pipe, stderr: .pipe)
    let (out, err) = try await child.communicate("input")
    log("\(text(out)) \(text(err).dropLast()) \(child.returnCode ?? 0)")
  }

  area.scenario(
    "standard_error_goes_to_standard_output",
    differs: "Python gives None for a stream that is not a pipe, here it is empty.",
    expects: ["['a', 'b', 'c'] []"]
  ) { log in
    let child = try await createSubprocessShell("echo a; echo b >&2; echo c", stdout: .pipe, stderr: .stdout)
    let (out, err) = try await child.communicate()
    log("\(python(words(out))) \(err)")
  }

  area.scenario("a_terminated_child_has_a_negative_status") { log in
    let child = try await createSubprocessExec("sleep", "60")
    log(child.returnCode.map { "\($0)" } ?? "None")
    try child.terminate()
    log("\(try await child.wait().returnCode)")
    log("\(child.returnCode ?? 0)")
  }

  area.scenario("a_killed_child_has_a_negative_status") { log in
    let child = try await createSubprocessShell("kill -9 $$", stdin: .null)
    log("\(try await child.wait().returnCode)")
  }

  area.scenario("waiting_again_gives_the_same") { log in
    let child = try await createSubprocessShell("exit 7")
    let (first, second) = (try await child.wait().returnCode, try await child.wait().returnCode)
    log("\(first) \(second) \(child.returnCode ?? 0)")
  }

  area.scenario("several_tasks_wait_for_one_child") { log in
    let child = try await createSubprocessExec("cat", stdin: .pipe)
    let tasks = (0..<3).map { _ in createTask { try await child.wait().returnCode } }
    try await sleep(.zero)
    try await child.input.close()
    log("\(try await gather(tasks))")
  }

  area.scenario("a_program_that_does_not_exist") { log in
    await logErrno(log) { _ = try await createSubprocessExec("/no/such") }
  }

  area.scenario("a_program_that_is_not_executable") { log in
    await logErrno(log) { _ = try await createSubprocessExec("/etc/passwd") }
  }

  area.scenario("a_directory_that_does_not_exist") { log in
    await logErrno(log) { _ = try await createSubprocessExec("true", cwd: "/no/where") }
  }

  area.scenario(
    "a_child_that_does_not_read_its_input",
    differs: "Python gives None for a stream that is not a pipe, here it is empty.", expects: ["0 [] 0"]
  ) { log in
    let child = try await createSubprocessExec("true", stdin: .pipe, stdout: .pipe)
    let (out, err) = try await child.communicate(Array(repeating: 120, count: 1_000_000))
    log("\(out.count) \(err) \(child.returnCode ?? -1)")
  }

  area.scenario("the_environment_and_the_directory") { log in
    let child = try await createSubprocessShell(
      "echo $NAME; pwd", stdout: .pipe, cwd: "/usr", env: ["NAME": "value", "PATH": "/bin:/usr/bin"])
    let (out, _) = try await child.communicate()
    log(python(words(out)))
  }

  area.scenario("a_session_of_its_own") { log in
    let child = try await createSubprocessExec(
      "cat", "/proc/self/stat", stdout: .pipe, options: SubprocessOptions(startNewSession: true))
    let (out, _) = try await child.communicate()
    let fields = text(out).split(separator: ")").last!.split(separator: " ")
    log("\(python(Int32(fields[2]) == child.id)) \(python(Int32(fields[3]) == child.id))")
  }

  area.scenario(
    "a_signal_to_a_child_that_has_ended",
    differs: "A caller can't know when a child ends, so a signal to one that has is not an error here.",
    expects: ["nothing"]
  ) { log in
    let child = try await createSubprocessExec("true")
    try await child.wait()
    try child.terminate()
    log("nothing")
  }
}

private func words(_ bytes: [UInt8]) -> [Substring] { text(bytes).split(whereSeparator: \.isWhitespace) }

/// The form of Python.
private func python(_ words: [Substring]) -> String { "[\(words.map { "'\($0)'" }.joined(separator: ", "))]" }

private nonisolated(nonsending) func logErrno(
  _ log: Log, _ body: nonisolated(nonsending) () async throws -> Void
) async {
  do { try await body() } catch { log("errno \((error as? SystemError)?.code.rawValue ?? 0)") }
}
