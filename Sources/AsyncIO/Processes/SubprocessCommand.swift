// SPDX-License-Identifier: Apache-2.0
// From what the user says to a plan in the terms of the kernel, and to a child with its streams.
//
// Between the first descriptor that is opened and the child there is no suspension: a cancellation comes before the
// child or after it. Whatever fails in between, the descriptors are closed.

import AsyncIOCore
import Glibc

struct SubprocessCommand: Sendable {
  let program: String
  let arguments: [String]
  var stdin: SubprocessStream
  var stdout: SubprocessStream
  var stderr: SubprocessStream
  let cwd: String?
  let env: SubprocessEnvironment
  let options: SubprocessOptions
  let limit: Int

  /// The command as people write it, for messages.
  var line: String { ([program] + arguments).joined(separator: " ") }

  /// - Parameter keepsNumber: Whether a child that leads a group is not reaped before `Child.end`.
  nonisolated(nonsending) func start(keepsNumber: Bool = false) async throws -> Subprocess {
    require(limit > 0, "createSubprocessExec: the limit of a stream is a number of bytes above 0")
    let accounts = try await Accounts(options, of: program)
    return try await onCurrentLoop { loop in
      try Task.checkCancellation()
      let process = try start(accounts, on: loop)
      process.child.keepsNumber = keepsNumber && process.child.leadsGroup
      return process
    }
  }

  private func plan(_ accounts: Accounts) -> ProcessPlan {
    var plan = ProcessPlan(program: program, arguments: [options.argumentZero ?? program] + arguments)
    plan.environment = env.entries(current: Self.currentEnvironment)
    if !options.namedDescriptors.isEmpty {
      let names = options.namedDescriptors.keys.sorted()
      require(
        !names.contains { $0.contains(":") || $0.isEmpty }, "SubprocessOptions: a descriptor's name has no colon")
      let kept = (plan.environment ?? Self.currentEnvironment()).filter { !$0.hasPrefix("LISTEN_") }
      plan.environment = kept + ["LISTEN_FDS=\(names.count)", "LISTEN_FDNAMES=\(names.joined(separator: ":"))"]
      plan.variableWithID = "LISTEN_PID"
    }
    plan.directory = cwd
    plan.startsSession = options.startNewSession || options.terminal != nil
    plan.group = options.processGroup
    plan.takesTerminal = options.terminal != nil && stdin == .inherit
    plan.umask = options.umask
    plan.limits = options.limits
    plan.user = accounts.user
    plan.userGroup = accounts.group
    plan.extraGroups = accounts.extraGroups
    plan.deathSignal = options.parentDeathSignal
    return plan
  }

  private static func currentEnvironment() -> [String] {
    var entries: [String] = []
    // Safety: a list of strings that ends with a null pointer. A thread that changes the environment meanwhile breaks
    // every reader of it, getenv(3) included.
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      unsafe entries.append(String(cString: entry))
      unsafe next += 1
    }
    return entries
  }

  // MARK: - On the loop

  private func start(_ accounts: Accounts, on loop: EventLoop) throws -> Subprocess {
    var plan = plan(accounts)
    var pipes = ChildPipes(of: loop)
    do {
      if let size = options.terminal { try pipes.openTerminal(size) }
      let places = [(stdin, Int32(0)), (stdout, 1), (stderr, 2)]
      for (stream, number) in places {
        plan.inherited.append((source: try pipes.source(for: stream, number, plan), target: number))
      }
      plan.inherited += options.passDescriptors.map { (source: $0, target: $0) }
      plan.inherited += options.descriptors.sorted { $0.key < $1.key }.map { (source: $0.value, target: $0.key) }
      let named = options.namedDescriptors.sorted { $0.key < $1.key }
      plan.inherited += named.enumerated().map { (source: $1.value, target: Int32($0 + 3)) }
      let started = try loop.backend.processes.start(plan)
      pipes.handOver()
      let child = Child(started, named: program, leadsGroup: plan.leadsGroup, on: loop)
      return Subprocess(child, pipes.streams(limit: limit), command: line)
    } catch {
      pipes.closeAll()
      throw error
    }
  }
}

/// The descriptors that are opened for a child's standard streams.
private struct ChildPipes {
  private let loop: EventLoop
  private var ours: [Int32: Int32] = [:]
  private var theirs: [Int32] = []
  private var terminal: (ours: Int32, theirs: Int32)?

  init(of loop: EventLoop) { self.loop = loop }

  private var processes: any Processes { loop.backend.processes }

  mutating func openTerminal(_ size: TerminalSize) throws {
    let opened = try processes.openTerminal(size)
    terminal = opened
    theirs.append(opened.theirs)
  }

  /// The descriptor of this process that becomes a standard stream of the child.
  mutating func source(for stream: SubprocessStream, _ number: Int32, _ plan: ProcessPlan) throws -> Int32 {
    switch stream {
    case .inherit: return terminal?.theirs ?? number
    case .pipe:
      let pipe = try processes.makePipe(childReads: number == 0)
      ours[number] = pipe.ours
      return opened(pipe.theirs)
    case .null: return opened(try processes.open("/dev/null", number == 0 ? .reading : .appending))
    case .stdout:
      require(number == 2, "createSubprocessExec: only standard error can go where standard output does")
      return plan.inherited[1].source
    case .descriptor(let descriptor): return descriptor
    case .file(let path): return opened(try processes.open(path, number == 0 ? .reading : .writing))
    case .appending(let path):
      require(number != 0, "createSubprocessExec: standard input can't be appended to a file")
      return opened(try processes.open(path, .appending))
    }
  }

  private mutating func opened(_ descriptor: Int32) -> Int32 {
    theirs.append(descriptor)
    return descriptor
  }

  mutating func handOver() {
    for descriptor in theirs { processes.handedOver(descriptor) }
    theirs = []
  }

  func closeAll() {
    for descriptor in theirs { loop.backend.close(descriptor: descriptor) }
    for descriptor in ours.values { loop.backend.close(descriptor: descriptor) }
    if let terminal { loop.backend.close(descriptor: terminal.ours) }
  }

  func streams(limit: Int) -> ChildStreams {
    func stream(_ descriptor: Int32, reads: Bool) -> StreamHandle {
      loop.makeStream(
        Descriptor(descriptor, of: loop.backend), peer: nil, isSocket: false, reads: reads, limit: reads ? limit : 0)
    }
    var streams = ChildStreams()
    if let descriptor = ours[0] { streams.stdin = StreamWriter(stream(descriptor, reads: false)) }
    if let descriptor = ours[1] { streams.stdout = StreamReader(stream(descriptor, reads: true)) }
    if let descriptor = ours[2] { streams.stderr = StreamReader(stream(descriptor, reads: true)) }
    if let terminal {
      let handle = stream(terminal.ours, reads: true)
      handle.transport.isTerminal = true
      streams.terminal = ByteStream(handle)
    }
    return streams
  }
}

/// The streams between this process and a child.
struct ChildStreams: Sendable {
  var stdin: StreamWriter?
  var stdout: StreamReader?
  var stderr: StreamReader?
  var terminal: ByteStream?

  func abort() {
    stdin?.abort()
    stdout?.abort()
    stderr?.abort()
    terminal?.abort()
  }
}

/// The numbers of the users and groups that the options name.
private struct Accounts: Sendable {
  var user: UInt32?
  var group: UInt32?
  var extraGroups: [UInt32]?

  nonisolated(nonsending) init(_ options: SubprocessOptions, of program: String) async throws {
    if let account = options.user {
      user = try await Self.number(of: account, "user", program) { UserNames.user($0)?.user }
    }
    if let account = options.group {
      group = try await Self.number(of: account, "group", program) { UserNames.group($0) }
    }
    guard let groups = options.extraGroups else { return }
    var numbers: [UInt32] = []
    for account in groups {
      numbers.append(try await Self.number(of: account, "group", program) { UserNames.group($0) })
    }
    extraGroups = numbers
  }

  private nonisolated(nonsending) static func number(
    of account: SystemAccount, _ kind: String, _ program: String,
    _ lookUp: @escaping @Sendable (String) -> UInt32?
  ) async throws -> UInt32 {
    switch account {
    case .id(let id): return id
    case .name(let name):
      // A look-up may ask a server.
      let found = try await onCurrentLoop { loop in
        try await loop.runBlocking(WaitReason("look up an account")) { lookUp(name) }
      }
      guard let found else {
        throw SystemError("spawn", "\(program): \(kind) \(name), which does not exist", code: .invalidArgument)
      }
      return found
    }
  }
}
