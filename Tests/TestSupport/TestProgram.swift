// SPDX-License-Identifier: Apache-2.0
// Programs that tests start. Foundation's Process is not used. Its children get the signal mask of the thread that
// starts them, and the threads of loops and pools block everything. Other children inherit its pipes, so the end of one
// child's output may wait for the end of another.

public import Glibc

/// A program with its standard output in a pipe. The last release of this object ends it, by its process id.
public final class TestProgram: @unchecked Sendable {
  // Sendable: used by one task or thread at a time.
  public let id: pid_t
  /// Our ends of its pipes; -1 for none.
  var input: Int32
  let output: Int32
  let errors: Int32
  /// Output that came with the lines before.
  var unread: [UInt8] = []
  private var status: Int32?

  /// What a program reads.
  public enum Input: Sendable {
    /// /dev/null.
    case none
    /// What `write` and `finish(sending:)` send.
    case pipe
  }

  /// The place for a program's standard error.
  public enum Errors: Sendable {
    /// That of the tests.
    case inherited
    /// /dev/null.
    case discarded
    /// Its standard output.
    case withOutput
    /// `finish` returns it.
    case collected
  }

  /// The path of one of the package's own programs. SwiftPM builds them beside the program that runs the tests.
  public static func path(ofOurs name: String) -> String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    let own = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/\(name)"
  }

  /// Starts one of the package's own programs.
  public static func ours(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], errors: Errors = .inherited
  ) throws -> TestProgram {
    try TestProgram(path(ofOurs: name), arguments, environment: environment, errors: errors)
  }

  /// Starts another implementation's program; nil if the machine doesn't have it.
  public static func installed(_ name: String, _ arguments: [String]) throws -> TestProgram? {
    let folders = ["/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin", "/usr/local/sbin"]
    guard let folder = folders.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
      print("\(name) is not here: no exchange with it")
      return nil
    }
    return try TestProgram("\(folder)/\(name)", arguments)
  }

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - name: A path, or a name to look up in PATH.
  ///   - environment: Changes of the tests' own.
  ///   - descriptor: Its standard output instead of a pipe; it stays the caller's.
  public init(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: Input = .none,
    output descriptor: Int32? = nil, errors: Errors = .inherited
  ) throws {
    // The ends of the program: they are closed here as soon as it has them.
    var theirs: [Int32] = []
    func pipe(reading: Bool) throws -> (own: Int32, theirs: Int32) {
      var ends: [Int32] = [-1, -1]
      guard Glibc.pipe(&ends) == 0 else { throw TestProgramError("pipe: errno \(errno)") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      theirs.append(ends[reading ? 1 : 0])
      return reading ? (ends[0], ends[1]) : (ends[1], ends[0])
    }
    defer { for end in theirs { close(end) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if case .pipe = input {
      let ends = try pipe(reading: false)
      self.input = ends.own
      posix_spawn_file_actions_adddup2(&actions, ends.theirs, 0)
    } else {
      self.input = -1
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    if let descriptor {
      output = -1
      posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
    } else {
      let ends = try pipe(reading: true)
      output = ends.own
      posix_spawn_file_actions_adddup2(&actions, ends.theirs, 1)
    }
    switch errors {
    case .collected:
      let ends = try pipe(reading: true)
      self.errors = ends.own
      posix_spawn_file_actions_adddup2(&actions, ends.theirs, 2)
    case .withOutput:
      self.errors = -1
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    case .discarded:
      self.errors = -1
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    case .inherited: self.errors = -1
    }
    // Children inherit Foundation's pipes. A program that kept one would hold up the test that reads to its end.
    // Closing a number that isn't open does nothing, up to the limit of descriptors.
    for descriptor in 3..<Int32(min(sysconf(Int32(_SC_OPEN_MAX)), 1024)) {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // No signal is blocked or ignored.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var texts = ([name] + arguments).map { strdup($0) } + [nil]
    var variables = Self.environment(with: environment).map { strdup($0) } + [nil]
    defer { for text in texts + variables { free(text) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, name, &actions, &attributes, &texts, &variables)
    self.id = id
    guard code == 0 else {
      status = -1
      throw TestProgramError("\(name): \(String(cString: strerror(code)))")
    }
  }

  private static func environment(with changes: [String: String]) -> [String] {
    var all: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if changes[String(text.prefix { $0 != "=" })] == nil { all.append(text) }
      next += 1
    }
    return all + changes.map { "\($0)=\($1)" }
  }

  // MARK: - Its end

  /// Sends a signal, unless the program has been waited for.
  public func send(_ signal: Int32) { if status == nil { kill(id, signal) } }

  public func interrupt() { send(SIGINT) }

  /// Whether it has not ended by itself.
  public var isRunning: Bool {
    var word: Int32 = 0
    if status == nil && waitpid(id, &word, WNOHANG) == id { status = Self.status(word) }
    return status == nil
  }

  /// Waits for the program's end, and returns its exit status, or the negated signal that ended it. Blocks its thread.
  @discardableResult
  public func wait() -> Int32 {
    if let status { return status }
    var word: Int32 = 0
    while waitpid(id, &word, 0) < 0 && errno == EINTR {}
    let result = Self.status(word)
    status = result
    return result
  }

  private static func status(_ word: Int32) -> Int32 { word & 0x7f == 0 ? word >> 8 & 0xff : -(word & 0x7f) }

  /// Ends it by a signal, unless it has ended.
  public func stop(_ signal: Int32 = SIGTERM) {
    send(signal)
    wait()
  }

  deinit {
    stop(SIGKILL)
    for descriptor in [input, output, errors] where descriptor >= 0 { close(descriptor) }
  }
}

/// A program that could not be started, or does not do what a test needs of it.
public struct TestProgramError: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
