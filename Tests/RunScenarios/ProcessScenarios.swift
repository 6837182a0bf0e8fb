// SPDX-License-Identifier: Apache-2.0
// Child processes of a whole process: without descriptors, without SIGCHLD, and by the hundred.

import AsyncIO
import Glibc

extension RunScenarios {
  static var processScenarios: [String: () throws -> Void] {
    [
      "spawn-without-descriptors": spawnWithoutDescriptors, "children-are-ignored": childrenAreIgnored,
      "many-children": manyChildren, "broken-pipe": brokenPipe,
    ]
  }

  private static func openDescriptors() -> Int { (0..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 } }

  /// At each number of free descriptors a spawn works or fails as a whole.
  private static func spawnWithoutDescriptors() throws {
    try EventLoop.run {
      try await Subprocess.run("true")
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      var lowered = rlimit(rlim_cur: 64, rlim_max: limit.rlim_max)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &lowered)
      var taken: [Int32] = []
      while case let one = open("/dev/null", O_RDONLY | O_CLOEXEC), one >= 0 { taken.append(one) }
      var outcomes: [String] = []
      for _ in 0..<12 {
        let before = openDescriptors()
        do {
          let result = try await Subprocess.run("echo", "said", input: "")
          outcomes.append(result.output == "said\n" ? "runs" : "lost its output")
        } catch let error as SystemError where error.code == .tooManyOpenFiles { outcomes.append("EMFILE") }
        // The loop closes what a child has left in its next turns.
        for _ in 0..<1000 where openDescriptors() != before { try await sleep(.milliseconds(1)) }
        if openDescriptors() != before { say("\(openDescriptors() - before) descriptors are left over") }
        close(taken.removeLast())
      }
      say("\(outcomes.first ?? "") … \(outcomes.last ?? "")")
      say("\(Set(outcomes).sorted())")
    }
  }

  /// A process that ignores SIGCHLD has its children reaped by the kernel.
  private static func childrenAreIgnored() throws {
    signal(SIGCHLD, SIG_IGN)
    try EventLoop.run {
      let child = try await createSubprocessShell("echo said; exit 3", stdout: .pipe)
      let (output, _) = try await child.communicate()
      say("\(String(decoding: output, as: UTF8.self).dropLast()), \(try await child.wait())")
      say("\(child.returnCode ?? 0)")
    }
  }

  private static func manyChildren() throws {
    try EventLoop.run {
      func round() async throws {
        try await gather(0..<150, limit: 8) { number in
          let output = try await Subprocess.run("echo", "\(number)").output
          if output != "\(number)\n" { say("\(number) printed \(output)") }
        }
      }
      try await round()
      let before = openDescriptors()
      try await round()
      try await sleep(.milliseconds(20))
      say("\(openDescriptors() - before) more descriptors")
      errno = 0
      let other = waitpid(-1, nil, WNOHANG)
      say("\(other) \(errno == ECHILD ? "no child is left" : "children are left")")
    }
  }

  /// A write to a child that reads nothing is an error and raises no signal; a child's own SIGPIPE is as usual.
  private static func brokenPipe() throws {
    try EventLoop.run {
      let child = try await createSubprocessExec("true", stdin: .pipe)
      try await child.wait()
      do {
        for _ in 0..<100 { try await child.input.write(Array(repeating: 0, count: 100_000)) }
      } catch let error as SystemError { say(error.code.name) }
      let writer = try await createSubprocessExec("yes", stdout: .pipe)
      _ = try await writer.output.readLine()
      try await writer.output.close()
      say("\(try await writer.wait())")
    }
  }
}
