// SPDX-License-Identifier: Apache-2.0
// Programs that tests start. Foundation's Process is not used. Its children get the signal mask of the thread that
// starts them, and the threads of loops and pools block everything. Other children inherit its pipes, so the end of one
// child's output may wait for the end of another.

public import Glibc

/// A program with its standard output in a pipe. The last release of this object ends it, by its process id.
public final class TestProgram: @unchecked Sendable {
  // Sendable: used by one task or thread at a time.
  public let id: pid_t
  private let output: Int32
  private var unread: [UInt8] = []
  private var status: Int32?

  /// One of the package's own programs.
  public static func ours(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws -> TestProgram {
    // SwiftPM builds them beside the program that runs the tests.
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    let own = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    return try TestProgram("\(folder)/\(name)", arguments, environment: environment)
  }

  /// - Parameter name: A path, or a name to look up in PATH.
  public init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw StartFailed(name: name, code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    // Children inherit Foundation's pipes. A program that kept one would hold up the test that reads to its end.
    // Closing a number that isn't open does nothing.
    for descriptor: Int32 in 3..<256 { posix_spawn_file_actions_addclose(&actions, descriptor) }
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
    close(ends[1])
    output = ends[0]
    self.id = id
    guard code == 0 else {
      status = -1
      throw StartFailed(name: name, code: code)
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

  /// A program that could not be started.
  public struct StartFailed: Error {
    /// The name of the program.
    public let name: String
    /// The errno.
    public let code: Int32
  }

  // MARK: - Its output

  /// Waits for the next line; nil at the end. Blocks its thread.
  public func readLine() -> String? {
    while true {
      if let end = unread.firstIndex(of: 0x0a) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeSubrange(...end)
        return line
      }
      var piece = [UInt8](repeating: 0, count: 65_536)
      let count = read(output, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return nil }
      unread += piece[..<count]
    }
  }

  /// The remaining lines, to the end of the output. Blocks its thread.
  public func lines() -> [String] {
    var lines: [String] = []
    while let line = readLine() { lines.append(line) }
    return lines
  }

  // MARK: - Its end

  /// Sends a signal, unless the program has been waited for.
  public func send(_ signal: Int32) { if status == nil { kill(id, signal) } }

  /// Waits for the program's end, and returns its exit status, or the negated signal that ended it. Blocks its thread.
  @discardableResult
  public func wait() -> Int32 {
    if let status { return status }
    var word: Int32 = 0
    while waitpid(id, &word, 0) < 0 && errno == EINTR {}
    let result = word & 0x7f == 0 ? word >> 8 & 0xff : -(word & 0x7f)
    status = result
    return result
  }

  deinit {
    if status == nil {
      kill(id, SIGKILL)
      wait()
    }
    close(output)
  }
}
