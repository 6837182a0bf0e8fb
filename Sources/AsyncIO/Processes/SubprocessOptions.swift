// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// What a standard stream of a child is; asyncio's `PIPE`, `DEVNULL` and `STDOUT`.
///
/// ```swift
/// let child = try await createSubprocessExec("make", stdin: .null, stdout: .file("build.log"), stderr: .stdout)
/// try await child.wait()
/// ```
public enum SubprocessStream: Hashable, Sendable {
  /// The same as this process's.
  case inherit
  /// A pipe to this process: `stdin`, `stdout`, `stderr` of the `Subprocess`.
  case pipe
  /// /dev/null.
  case null
  /// The same as the child's standard output; for its standard error.
  case stdout
  /// A descriptor of this process, which stays its own and may be closed as soon as the child was created.
  case descriptor(Int32)
  /// A file: read from its start, or emptied and written.
  case file(String)
  /// A file at whose end the child writes.
  case appending(String)
}

/// The environment of a child. A dictionary replaces this process's.
///
/// ```swift
/// let environment: SubprocessEnvironment = .inherit(adding: ["LANG": "C"], removing: ["DEBUG"])
/// let child = try await createSubprocessExec("date", env: environment)
/// try await child.wait()
/// ```
public struct SubprocessEnvironment: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  private let variables: [String: String]
  private let removed: Set<String>
  private let inherits: Bool

  private init(_ variables: [String: String], removed: Set<String>, inherits: Bool) {
    self.variables = variables
    self.removed = removed
    self.inherits = inherits
  }

  /// These variables, and no others.
  public init(_ variables: [String: String]) { self.init(variables, removed: [], inherits: false) }

  public init(dictionaryLiteral elements: (String, String)...) {
    self.init(Dictionary(elements) { $1 })
  }

  /// This process's environment.
  public static let inherit = SubprocessEnvironment([:], removed: [], inherits: true)

  /// This process's environment, with some variables set and others left out.
  public static func inherit(adding: [String: String], removing: Set<String> = []) -> SubprocessEnvironment {
    SubprocessEnvironment(adding, removed: removing, inherits: true)
  }

  /// As `NAME=value`; nil if it is this process's, unchanged.
  func entries(current: () -> [String]) -> [String]? {
    if inherits && variables.isEmpty && removed.isEmpty { return nil }
    let kept = inherits ? current() : []
    let unchanged = kept.filter { entry in
      let name = String(entry.prefix { $0 != "=" })
      return variables[name] == nil && !removed.contains(name)
    }
    return unchanged + variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }
}

/// A user or group of the system, by its name or its number.
public enum SystemAccount: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  /// A name, which is looked up.
  case name(String)
  /// A number.
  case id(UInt32)

  public init(stringLiteral name: String) { self = .name(name) }
  public init(integerLiteral id: UInt32) { self = .id(id) }
}

/// Less usual properties of a child process, most of them those of Python's `Popen`.
///
/// ```swift
/// let options = SubprocessOptions(startNewSession: true, user: "www-data", umask: 0o027)
/// let child = try await createSubprocessExec("serve", "/srv", options: options)
/// try await child.wait()
/// ```
public struct SubprocessOptions: Hashable, Sendable {
  /// Whether the child leads a session of its own, without a terminal, and so a process group: setsid(2).
  public var startNewSession = false
  /// The process group: 0 is one of its own, which Ctrl-C doesn't reach; another number is a group to join.
  public var processGroup: Int32?
  /// The user to run as. This process must be allowed to; setuid(2). Its group stays unless `group` says otherwise.
  public var user: SystemAccount?
  /// The group to run as.
  public var group: SystemAccount?
  /// The other groups of the child, in place of this process's.
  public var extraGroups: [SystemAccount]?
  /// The permissions that its files don't get: umask(2).
  public var umask: UInt32?
  /// Descriptors of this process that the child gets under the same numbers; Python's `pass_fds`.
  public var passDescriptors: [Int32] = []
  /// Descriptors of this process by the numbers that the child gets them under.
  public var descriptors: [Int32: Int32] = [:]
  /// Descriptors of this process by names, as systemd passes sockets to a service: from number 3 on in the order of the
  /// names, which LISTEN_FDS and LISTEN_FDNAMES say (sd_listen_fds(3)). `ListeningSocket.fromSystemd` takes them.
  public var namedDescriptors: [String: Int32] = [:]
  /// What the child may use.
  public var limits: [ResourceLimit] = []
  /// The signal that the child gets when the thread of its loop ends, even by a crash: PR_SET_PDEATHSIG in prctl(2). It
  /// is in vain for a program that changes its user.
  public var parentDeathSignal: Signal?
  /// A pseudo-terminal of this size for the standard streams that are `.inherit`, see `Subprocess.terminal`. The child
  /// leads a session then.
  public var terminal: TerminalSize?
  /// The name that the program finds for itself, `argv[0]`; nil is the name that it is started by.
  public var argumentZero: String?

  /// Options with their usual values, except those that are given.
  public init(
    startNewSession: Bool = false, processGroup: Int32? = nil, user: SystemAccount? = nil, group: SystemAccount? = nil,
    extraGroups: [SystemAccount]? = nil, umask: UInt32? = nil, passDescriptors: [Int32] = [],
    descriptors: [Int32: Int32] = [:], namedDescriptors: [String: Int32] = [:], limits: [ResourceLimit] = [],
    parentDeathSignal: Signal? = nil,
    terminal: TerminalSize? = nil, argumentZero: String? = nil
  ) {
    self.startNewSession = startNewSession
    self.processGroup = processGroup
    self.user = user
    self.group = group
    self.extraGroups = extraGroups
    self.umask = umask
    self.passDescriptors = passDescriptors
    self.descriptors = descriptors
    self.namedDescriptors = namedDescriptors
    self.limits = limits
    self.parentDeathSignal = parentDeathSignal
    self.terminal = terminal
    self.argumentZero = argumentZero
  }
}
