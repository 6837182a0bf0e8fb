// SPDX-License-Identifier: Apache-2.0
// What a real child finds: its descriptors, signals, directory, environment, group, limits, terminal; and how it can
// fail to start.

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Children of the kernel", .timeLimit(.minutes(1))) struct KernelProcessTests {
  private func text(ofFile path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  private static func failure(
    _ body: @escaping @Sendable () async throws -> Void
  ) async -> String {
    do { try await body() } catch { return "\(error)" }
    return "nothing failed"
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a program that can't be executed is an error that says why`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let folder = try TemporaryFolder()
      let (plain, script, itself) = (folder.path("plain"), folder.path("script"), String(folder.path("").dropLast()))
      try folder.write("echo hello\n", to: "plain")
      #expect(
        await Self.failure { try await Subprocess.run(plain) } == "spawn \(plain): permission denied (EACCES)")
      // Written by a child: other tests start children, and one that had this file open would make it busy (ETXTBSY).
      try await Subprocess.runShell("echo echo hello > \(script); chmod 755 \(script)")
      #expect(
        await Self.failure { try await Subprocess.run(script) }
          == "spawn \(script): exec format error (ENOEXEC)")
      #expect(
        await Self.failure { try await Subprocess.run(itself) }
          == "spawn \(itself): permission denied (EACCES)")
      #expect(
        await Self.failure { try await Subprocess.run(plain + "/x") }
          == "spawn \(plain)/x: no such file or directory (ENOENT)")
      #expect(
        await Self.failure { try await Subprocess.runShell("true", shell: "/no/sh") }
          == "spawn /no/sh: no such file or directory (ENOENT)")
      #expect(
        await Self.failure { try await Subprocess.run("true", cwd: "/no/where") }
          == "spawn true: chdir /no/where: no such file or directory (ENOENT)")
      #expect(
        await Self.failure { try await Subprocess.run("true", "a\0b") }
          == "spawn true: a zero byte in its arguments or environment: invalid argument (EINVAL)")
      #expect(
        await Self.failure { try await Subprocess.run("true", options: SubprocessOptions(user: "no-such-user")) }
          == "spawn true: user no-such-user, which does not exist: invalid argument (EINVAL)")
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a child gets its standard streams and no other descriptor`(backend: BackendKind) async throws {
    // One that is not close-on-exec, as a foreign library may open it.
    let leaky = open("/dev/null", O_RDONLY)
    defer { close(leaky) }
    try await withEventLoop(backend: backend) {
      let listing = try await Subprocess.run("ls", "/proc/self/fd", stdin: .null).output
      // ls itself opens the folder.
      #expect(listing.split(separator: "\n") == ["0", "1", "2", "3"])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `descriptors reach a child under the numbers that were asked for`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let folder = try TemporaryFolder()
      try folder.write("one", to: "one")
      try folder.write("two", to: "two")
      let (one, two) = (open(folder.path("one"), O_RDONLY), open(folder.path("two"), O_RDONLY))
      defer {
        close(one)
        close(two)
      }
      // They change places: each number is the other's source.
      let options = SubprocessOptions(descriptors: [one: two, two: one, 9: one])
      let result = try await Subprocess.runShell(
        "cat /proc/self/fd/\(one) /proc/self/fd/\(two) /proc/self/fd/9", options: options)
      #expect(result.output == "twooneone")
      let passed = try await Subprocess.run(
        "cat", "/proc/self/fd/\(two)", options: SubprocessOptions(passDescriptors: [two]))
      #expect(passed.output == "two")
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `descriptors are passed by names, as systemd does it`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let folder = try TemporaryFolder()
      try folder.write("one", to: "one")
      let one = open(folder.path("one"), O_RDONLY | O_CLOEXEC)
      let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
      defer {
        close(one)
        close(null)
      }
      let options = SubprocessOptions(namedDescriptors: ["http": null, "admin": one])
      let line = "echo $LISTEN_FDS $LISTEN_FDNAMES; test $LISTEN_PID = $$ && echo mine; cat /proc/self/fd/3"
      #expect(try await Subprocess.runShell(line, options: options).output == "2 admin:http\nmine\none")
      let child = try await createSubprocessShell("echo $LISTEN_PID", stdout: .pipe, options: options)
      let (output, _) = try await child.communicate()
      #expect(String(decoding: output, as: UTF8.self) == "\(child.id)\n")
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `no signal is blocked or ignored in a child, and none changes in this process`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      signal(SIGUSR2, SIG_IGN)
      defer { signal(SIGUSR2, SIG_DFL) }
      let status = try await Subprocess.run("cat", "/proc/self/status").output
      func mask(_ name: String) -> UInt64? {
        status.split(separator: "\n").first { $0.hasPrefix(name) }
          .flatMap { UInt64($0.dropFirst(name.count + 1).drop { $0.isWhitespace }, radix: 16) }
      }
      #expect(mask("SigBlk") == 0)
      // A shell may have started the tests in the background.
      let mayBeIgnored = [SIGHUP, SIGINT, SIGQUIT].reduce(UInt64(0)) { $0 | 1 << UInt64($1 - 1) }
      #expect(mask("SigIgn").map { $0 & ~mayBeIgnored } == 0)
      #expect(mask("SigCgt") == 0)
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `the directory, the environment, the umask and the name are those that were asked for`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      #expect(try await Subprocess.run("pwd", cwd: "/usr").output == "/usr\n")
      #expect(try await Subprocess.run("/usr/bin/env", env: ["A": "1", "B": "x=y"]).output == "A=1\nB=x=y\n")
      let inherited = try await Subprocess.runShell(
        "echo $A $HOME", env: .inherit(adding: ["A": "1"], removing: ["HOME"]))
      #expect(inherited.output == "1\n")
      // PATH of the child's environment is the one that counts.
      #expect(
        await Self.failure { try await Subprocess.run("ls", env: ["PATH": "/no/where"]) }
          == "spawn ls: no such file or directory (ENOENT)")
      let mask = try await Subprocess.runShell("umask", options: SubprocessOptions(umask: 0o027))
      #expect(mask.output.hasSuffix("027\n"))
      let named = try await Subprocess.runShell("echo $0", options: SubprocessOptions(argumentZero: "other"))
      #expect(named.output == "other\n")
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a session and a group are those that were asked for`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      func ids(_ options: SubprocessOptions) async throws -> (id: Int32, group: Int32, session: Int32) {
        let child = try await createSubprocessExec("cat", "/proc/self/stat", stdout: .pipe, options: options)
        let (output, _) = try await child.communicate()
        let fields = String(decoding: output, as: UTF8.self).split(separator: ")").last!.split(separator: " ")
        return (child.id, Int32(fields[2])!, Int32(fields[3])!)
      }
      let plain = try await ids(SubprocessOptions())
      #expect(plain.group == getpgrp() && plain.session == getsid(0))
      let grouped = try await ids(SubprocessOptions(processGroup: 0))
      #expect(grouped.group == grouped.id && grouped.session == getsid(0))
      let leader = try await ids(SubprocessOptions(startNewSession: true))
      #expect(leader.group == leader.id && leader.session == leader.id)
      let joined = try await ids(SubprocessOptions(processGroup: getpgrp()))
      #expect(joined.group == getpgrp())
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a user, a group and other groups are those that were asked for, or an error`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let options = SubprocessOptions(user: 65534, group: 65534, extraGroups: [65534, 7])
      if getuid() == 0 {
        let line = "id -u; id -g; id -G"
        let output = try await Subprocess.runShell(line, cwd: "/", options: options).output
        #expect(output == "65534\n65534\n65534 7\n")
      } else {
        #expect(
          await Self.failure { try await Subprocess.run("true", options: options) }
            == "spawn true: setgroups: operation not permitted (EPERM)")
      }
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `limits hold in a child, and a broken one ends it by a signal`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let options = SubprocessOptions(limits: [.openFiles(17), .coreSize(0), .cpuTime(.seconds(1))])
      #expect(try await Subprocess.runShell("ulimit -n", options: options).output == "17\n")
      let busy = try await Subprocess.runShell("while :; do :; done", check: false, options: options)
      #expect(busy.status.signal?.rawValue == SIGXCPU)
      #expect(busy.status.usage.userTime > .milliseconds(300))
      #expect(busy.status.usage.maximumResidentSize > 100_000)
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `standard streams are files, descriptors, or go where standard output does`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let folder = try TemporaryFolder()
      let file = folder.path("log")
      let line = "echo out; echo err >&2; cat"
      try folder.write("in\n", to: "input")
      let child = try await createSubprocessShell(
        line, stdin: .file(folder.path("input")), stdout: .file(file), stderr: .stdout)
      try await child.wait()
      #expect(text(ofFile: file) == "out\nerr\nin\n")
      let again = try await createSubprocessShell(line, stdin: .null, stdout: .appending(file), stderr: .null)
      try await again.wait()
      #expect(text(ofFile: file) == "out\nerr\nin\nout\n")
      let descriptor = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC)
      let third = try await createSubprocessShell("echo by number", stdout: .descriptor(descriptor))
      close(descriptor)
      try await third.wait()
      #expect(text(ofFile: file) == "by number\n")
      let both = try await Subprocess.runShell("echo out; echo err >&2", stderr: .stdout)
      #expect(both.output == "out\nerr\n")
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a grandchild that keeps the output open makes it incomplete after a bounded time`(
    backend: BackendKind
  ) async throws {
    try await withEventLoop(backend: backend) {
      let start = EventLoop.current.time
      let result = try await Subprocess.runShell("sleep 20 & echo said", outputGrace: .milliseconds(50))
      #expect(result.output == "said\n")
      #expect(result.outputIncomplete)
      #expect(result.returnCode == 0)
      #expect(EventLoop.current.time - start < .seconds(10))
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `the end of a scope ends the whole group`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let marker = "\(3600 + Int.random(in: 0..<1_000_000)).\(backend == .epoll ? 1 : 2)"
      // The child ends before its own children do, in both ways.
      for line in ["sleep \(marker) & echo ready; exit 0", "sleep \(marker) & echo ready; wait"] {
        try await withSubprocess(
          "sh", "-c", line, stdout: .pipe, options: SubprocessOptions(processGroup: 0)
        ) { child in
          #expect(try await child.output.readLine() == "ready")
          // Its arguments are there once it has become another program.
          try await turns { processExists(withArgument: marker) }
          if line.hasSuffix("0") { try await child.wait() }
        }
        try await turns { !processExists(withArgument: marker) }
      }
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `the end of the loop kills a child that was forgotten`(backend: BackendKind) async throws {
    let marker = "\(3600 + Int.random(in: 0..<1_000_000)).\(backend == .epoll ? 3 : 4)"
    try await withEventLoop(backend: backend) {
      _ = try await createSubprocessExec("sleep", marker)
      // The kernel shows the arguments a moment after exec has let go of the parent.
      try await turns { processExists(withArgument: marker) }
    }
    try await withEventLoop(backend: backend) { try await turns { !processExists(withArgument: marker) } }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a child has a terminal of its own, and the stream ends with it`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let options = SubprocessOptions(terminal: TerminalSize(rows: 33, columns: 101))
      let child = try await createSubprocessShell(
        "test -t 0 && test -t 1 && echo terminal; stty size; read line; echo \"<$line>\"; stty size",
        options: options)
      let terminal = try #require(child.terminal)
      #expect(try await terminal.readLine() == "terminal")
      #expect(try await terminal.readLine() == "33 101")
      try child.setTerminalSize(TerminalSize(rows: 40, columns: 120))
      try await terminal.write("typed\n")
      let rest = String(decoding: try await terminal.readToEnd(), as: UTF8.self)
      #expect(rest.split(whereSeparator: \.isNewline) == ["typed", "<typed>", "40 120"])
      #expect(try await child.wait().isSuccess)
      try await terminal.close()
    }
  }
}
