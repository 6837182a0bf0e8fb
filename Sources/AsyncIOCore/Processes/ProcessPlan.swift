// SPDX-License-Identifier: Apache-2.0

/// What a child process is to be, in the terms of the kernel.
package struct ProcessPlan {
  /// A path, or a name to look up in the PATH of the child's environment.
  package var program: String
  /// The first is the program's name for itself.
  package var arguments: [String]
  /// `NAME=value`; nil is this process's.
  package var environment: [String]?
  /// A variable of the environment whose value becomes the child's id, as LISTEN_PID's does; see sd_listen_fds(3).
  package var variableWithID: String?
  /// nil is this process's.
  package var directory: String?
  /// Descriptors of this process, with their numbers in the child. No other descriptor reaches it.
  package var inherited: [(source: Int32, target: Int32)] = []
  package var startsSession = false
  /// The process group to join; 0 for one of its own, nil for this process's.
  package var group: Int32?
  /// Whether the child's descriptor 0 becomes the terminal of its session.
  package var takesTerminal = false
  package var umask: UInt32?
  package var limits: [ResourceLimit] = []
  package var user: UInt32?
  package var userGroup: UInt32?
  package var extraGroups: [UInt32]?
  /// The signal that the kernel sends when the thread that starts the child ends.
  package var deathSignal: Signal?

  package init(program: String, arguments: [String]) {
    self.program = program
    self.arguments = arguments
  }

  /// The files that the program may be, in the order to try them; execvp(3).
  ///
  /// - Parameter path: The value of PATH that counts.
  package func candidates(inPath path: String?) -> [String] {
    if program.utf8.contains(UInt8(ascii: "/")) { return [program] }
    let folders = (path ?? "/bin:/usr/bin").split(separator: ":", omittingEmptySubsequences: false)
    // An empty entry is the working directory.
    return folders.map { $0.isEmpty ? program : "\($0)/\(program)" }
  }

  /// Whether the child leads a process group, whose number is its id.
  package var leadsGroup: Bool { startsSession || group == 0 }
}

/// A bound on what a child process may use; setrlimit(2).
///
/// ```swift
/// let options = SubprocessOptions(limits: [.openFiles(64), .cpuTime(.seconds(10)), .coreSize(0)])
/// let child = try await createSubprocessExec("convert", "photo.jpeg", "photo.png", options: options)
/// try await child.wait()
/// ```
public struct ResourceLimit: Hashable, Sendable {
  /// The kernel's number of the resource: a constant RLIMIT_… of sys/resource.h.
  public let resource: Int32
  /// What counts.
  public let soft: UInt64
  /// What the child may raise the soft limit to.
  public let hard: UInt64

  /// A limit of any resource; `UInt64.max` means no limit.
  public init(resource: Int32, soft: UInt64, hard: UInt64) {
    self.resource = resource
    self.soft = soft
    self.hard = hard
  }

  private init(_ resource: Int32, _ value: Int) {
    self.init(resource: resource, soft: UInt64(clamping: value), hard: UInt64(clamping: value))
  }

  /// How many descriptors it may have open.
  public static func openFiles(_ count: Int) -> ResourceLimit { ResourceLimit(Resource.openFiles, count) }
  /// How long it may compute, in whole seconds: then it gets SIGXCPU, and a second later SIGKILL.
  public static func cpuTime(_ time: Duration) -> ResourceLimit {
    let seconds = UInt64(clamping: time.components.seconds)
    return ResourceLimit(resource: Resource.cpuTime, soft: seconds, hard: seconds &+ 1)
  }
  /// How many bytes of addresses it may use. Beyond that its allocations fail.
  public static func addressSpace(_ bytes: Int) -> ResourceLimit { ResourceLimit(Resource.addressSpace, bytes) }
  /// How long a file it may write, in bytes: then it gets SIGXFSZ.
  public static func fileSize(_ bytes: Int) -> ResourceLimit { ResourceLimit(Resource.fileSize, bytes) }
  /// How long a core dump it may leave, in bytes; 0 allows no dump.
  public static func coreSize(_ bytes: Int) -> ResourceLimit { ResourceLimit(Resource.coreSize, bytes) }
  /// How many processes and threads its user may have, those of other programs included.
  public static func processes(_ count: Int) -> ResourceLimit { ResourceLimit(Resource.processes, count) }

  /// The kernel's numbers.
  private enum Resource {
    static let cpuTime: Int32 = 0
    static let fileSize: Int32 = 1
    static let coreSize: Int32 = 4
    static let processes: Int32 = 6
    static let openFiles: Int32 = 7
    static let addressSpace: Int32 = 9
  }
}

/// The size of a terminal, in characters.
public struct TerminalSize: Hashable, Sendable {
  /// The number of lines.
  public var rows: UInt16
  /// The number of characters in a line.
  public var columns: UInt16

  /// A size; that of a classic terminal unless told.
  public init(rows: UInt16 = 24, columns: UInt16 = 80) {
    self.rows = rows
    self.columns = columns
  }
}
