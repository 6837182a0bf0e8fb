// SPDX-License-Identifier: Apache-2.0
// Child processes on every backend: real ones on a kernel, the test's functions in virtual time.

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Child processes", .timeLimit(.minutes(1))) struct SubprocessTests {
  @Test(arguments: BackendKind.conforming)
  func `the output of a child comes line by line, and its end is waited for`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let child = try await createSubprocessExec("sh", Script.counts.arguments(), stdout: .pipe)
      #expect(child.id > 0)
      var lines: [String] = []
      for try await line in child.output.lines { lines.append(line) }
      #expect(lines == ["line 1", "line 2", "line 3"])
      let status = try await child.wait()
      #expect(status.isSuccess && status.reason == .exited(0))
      #expect(child.returnCode == 0)
      #expect(child.stdin == nil && child.stderr == nil)
      #expect(try await child.wait().returnCode == 0)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `communicate writes a large input and reads both outputs meanwhile`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let input = pattern(300_000)
      let child = try await createSubprocessExec(
        "sh", Script.copiesToBoth.arguments(), stdin: .pipe, stdout: .pipe, stderr: .pipe)
      let (output, errors) = try await child.communicate(input)
      #expect(output == input)
      #expect(errors == input)
      #expect(child.returnCode == 0)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a program that was run has its output in the result`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let result = try await Subprocess.run("sh", Script.copies.arguments(), input: Array("hello\n".utf8))
      #expect(result.output == "hello\n")
      #expect(result.errorOutput == "")
      #expect(result.returnCode == 0 && !result.outputIncomplete)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a program that fails is an error with its output and its last words`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let arguments = Script.fails.arguments()
      let error = await #expect(throws: CalledProcessError.self) { try await Subprocess.run("sh", arguments) }
      #expect(error?.status?.returnCode == 3)
      #expect(error.map { String(decoding: $0.stdout, as: UTF8.self) } == "some\n")
      #expect(error?.errorTail == "first\nwhat went wrong")
      #expect(error?.description.hasSuffix(": exited with status 3: what went wrong") == true)
      let unchecked = try await Subprocess.run("sh", arguments, check: false)
      #expect(unchecked.returnCode == 3)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a child that a signal ends says which`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let child = try await createSubprocessExec("sh", Script.sleeps.arguments(), stdout: .pipe)
      #expect(try await child.output.readLine() == "ready")
      #expect(child.returnCode == nil && child.exitStatus == nil)
      try child.terminate()
      let status = try await child.wait()
      #expect(status.signal == .terminate)
      #expect(status.returnCode == -15)
      #expect(status.description == "ended by SIGTERM")
      // It is gone, so this does nothing.
      try child.kill()
      #expect(try await child.output.readLine() == nil)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a child that ignores SIGTERM is killed after the time`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let child = try await createSubprocessExec("sh", Script.ignoresTermination.arguments(), stdout: .pipe)
      #expect(try await child.output.readLine() == "ready")
      let status = try await child.end(grace: .milliseconds(50))
      #expect(status.signal == .kill)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a scope ends its child, also when its body throws or is cancelled`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let arguments = Script.sleeps.arguments()
      let first = try await withSubprocess("sh", arguments, stdout: .pipe) { child in
        let line = try await child.output.readLine()
        #expect(line == "ready")
        return child
      }
      #expect(first.exitStatus?.signal == .terminate)

      let seen = Log()
      let task = createTask {
        try await withSubprocess("sh", arguments, stdout: .pipe) { child in
          seen.append(try await child.output.readLine() ?? "")
          try await child.wait()
        }
      }
      try await turns { seen.entries == ["ready"] }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancelled wait leaves the child and its status to the next`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let child = try await createSubprocessExec("sh", Script.sleeps.arguments(), stdout: .pipe)
      #expect(try await child.output.readLine() == "ready")
      let waiting = createTask { try await child.wait() }
      try await sleep(.milliseconds(1))
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      #expect(child.exitStatus == nil)
      try child.kill()
      #expect(try await child.wait().signal == .kill)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a cancelled communicate loses nothing`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let child = try await createSubprocessExec("sh", Script.copies.arguments(), stdin: .pipe, stdout: .pipe)
      let input = pattern(500_000)
      for round in 0..<5 {
        let part = createTask { try await child.communicate(input) }
        for _ in 0..<(round * 7 + 1) { try await sleep(.zero) }
        part.cancel()
        do {
          let (output, _) = try await part.value
          return #expect(output == input)
        } catch is CancellationError {}
      }
      let (output, _) = try await child.communicate(input)
      #expect(output == input)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a program that prints more than the limit is ended, and the error has what was read`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let arguments = Script.writesForEver.arguments()
      let error = await #expect(throws: CalledProcessError.self) {
        try await Subprocess.run("sh", arguments, limit: 100_000)
      }
      #expect(error?.reason == .outputLimit(100_000))
      #expect((error?.stdout.count ?? 0) > 100_000)
      #expect(error?.stdout.prefix(4) == ArraySlice("y\ny\n".utf8))
      #expect(error?.status?.signal != nil)
      #expect(error?.description.hasSuffix("printed more than 100000 bytes") == true)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `the end of the output and the end of the child are two events`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let child = try await createSubprocessExec("sh", Script.closesItsOutput.arguments(), stdout: .pipe)
      #expect(try await child.output.readLine() == "last")
      #expect(try await child.output.readLine() == nil)
      #expect(try await child.wait().returnCode == 4)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a child that doesn't read its input is not an error`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let child = try await createSubprocessExec("sh", Script.readsNothing.arguments(), stdin: .pipe, stdout: .pipe)
      let (output, _) = try await child.communicate(pattern(1_000_000))
      #expect(output == Array("done\n".utf8))
      #expect(child.returnCode == 0)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a program that does not exist is an error that names it`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      for name in ["/no/such", "no-such-program"] {
        let error = await #expect(throws: SystemError.self) { try await Subprocess.run(name) }
        #expect(error?.description == "spawn \(name): no such file or directory (ENOENT)")
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a run that is cancelled at any point leaves no child, descriptor or operation`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let loop = EventLoop.current
      let marker = "asyncio-cancelled-\(backend)-\(getpid())"
      let arguments = Script.sleeps.arguments() + [marker]
      let before = loop.operations.inFlight
      for point in 0..<25 {
        let running = createTask { try await Subprocess.run("sh", arguments) }
        for _ in 0..<point { try await sleep(.zero) }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(!processExists(withArgument: marker))
      }
      try await turns { loop.operations.inFlight == before }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a child is used from another task, thread and loop`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let child = try await createSubprocessExec("sh", Script.copies.arguments(), stdin: .pipe, stdout: .pipe)
      let output = try await Elsewhere().communicate(child)
      #expect(output == "hello")
    }
  }

  private actor Elsewhere {
    func communicate(_ child: Subprocess) async throws -> String {
      let (output, _) = try await child.communicate("hello")
      #expect(try await child.wait().isSuccess)
      return String(decoding: output, as: UTF8.self)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `many children run at a time, and nothing is left of them`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let loop = EventLoop.current
      let before = loop.operations.inFlight
      let arguments = Script.counts.arguments()
      let results = try await gather(0..<64, limit: 8) { _ in try await Subprocess.run("sh", arguments).output }
      #expect(results == Array(repeating: "line 1\nline 2\nline 3\n", count: 64))
      try await turns { loop.operations.inFlight == before }
    }
  }
}
