// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// How a child process ended, and what it used; wait(2).
///
/// ```swift
/// let child = try await createSubprocessExec("false")
/// let status = try await child.wait()
/// print(status)  // exited with status 1
/// print(status.returnCode, status.usage.userTime)
/// ```
public struct ExitStatus: Hashable, Sendable, CustomStringConvertible {
  /// Why a process ended.
  public enum Reason: Hashable, Sendable {
    /// It called exit(3), or returned from `main`, with this status, 0 to 255.
    case exited(Int32)
    /// A signal ended it, and it may have left a core dump.
    case signaled(Signal, dumpedCore: Bool)
    /// It has ended, but other code of this process took its status with wait(2), or the process ignores SIGCHLD.
    case lost
  }

  /// Why it ended.
  public let reason: Reason
  /// What it used, its own children that it waited for included; zeros if that was lost.
  public let usage: ResourceUsage

  /// A status by its parts; for children that a test simulates.
  public init(_ reason: Reason, usage: ResourceUsage = ResourceUsage()) {
    self.reason = reason
    self.usage = usage
  }

  /// Whether it exited with status 0.
  public var isSuccess: Bool { reason == .exited(0) }

  /// The status, or the negated number of the signal that ended the process; 255 if that was lost. asyncio's
  /// `returncode`.
  public var returnCode: Int32 {
    switch reason {
    case .exited(let status): status
    case .signaled(let signal, _): -signal.rawValue
    case .lost: 255
    }
  }

  /// The signal that ended it; nil if none did.
  public var signal: Signal? {
    if case .signaled(let signal, _) = reason { signal } else { nil }
  }

  /// In words: `exited with status 1`, `ended by SIGKILL`.
  public var description: String {
    switch reason {
    case .exited(let status): "exited with status \(status)"
    case .signaled(let signal, let dumpedCore): "ended by \(signal)\(dumpedCore ? " with a core dump" : "")"
    case .lost: "ended, and its status was lost"
    }
  }
}

/// What a process used of the machine; getrusage(2).
public struct ResourceUsage: Hashable, Sendable {
  /// Time that processors spent in its code.
  public var userTime = Duration.zero
  /// Time that the kernel spent for it.
  public var systemTime = Duration.zero
  /// The most memory that it had at a time, in bytes.
  public var maximumResidentSize = 0
  /// Page faults that read from a disk.
  public var majorPageFaults = 0
  /// How often it gave up the processor to wait for something.
  public var voluntaryContextSwitches = 0
  /// How often the kernel took the processor from it.
  public var involuntaryContextSwitches = 0

  /// No use.
  public init() {}
}

extension ResourceUsage {
  init(_ usage: rusage) {
    userTime = Duration(usage.ru_utime)
    systemTime = Duration(usage.ru_stime)
    maximumResidentSize = usage.ru_maxrss * 1024
    majorPageFaults = usage.ru_majflt
    voluntaryContextSwitches = usage.ru_nvcsw
    involuntaryContextSwitches = usage.ru_nivcsw
  }
}

extension Duration {
  fileprivate init(_ time: timeval) { self = .seconds(time.tv_sec) + .microseconds(time.tv_usec) }
}

extension ExitStatus {
  init(_ exit: asyncio_exit) {
    let usage = ResourceUsage(exit.usage)
    switch exit.code {
    case Int32(CLD_EXITED): self.init(.exited(exit.status), usage: usage)
    default:
      let dumpedCore = exit.code == Int32(CLD_DUMPED)
      self.init(.signaled(Signal(rawValue: exit.status), dumpedCore: dumpedCore), usage: usage)
    }
  }
}
