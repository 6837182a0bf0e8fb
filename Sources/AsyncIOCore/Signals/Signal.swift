// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A system signal, by its number; signal(7).
///
/// ```swift
/// try EventLoop.run(stopsOn: [.interrupt, .terminate, .hangup]) {
///   let server = try await startServer(port: 7007) { stream in
///     for try await line in stream.lines { try await stream.write(line + "\n") }
///   }
///   try await server.serveForever(drain: .seconds(10))
/// }
/// ```
public struct Signal: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// The signal's number.
  public let rawValue: Int32

  /// A signal by its number.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// SIGINT: Ctrl-C.
  public static let interrupt = Signal(rawValue: SIGINT)
  /// SIGTERM: the signal with which `kill`, systemd and containers end a program.
  public static let terminate = Signal(rawValue: SIGTERM)
  /// SIGHUP: the terminal is gone; by custom, a service reads its configuration again.
  public static let hangup = Signal(rawValue: SIGHUP)
  /// SIGQUIT: Ctrl-\, which ends a program with a core dump.
  public static let quit = Signal(rawValue: SIGQUIT)
  /// SIGKILL: ends a process at once; no process can wait for it or ignore it.
  public static let kill = Signal(rawValue: SIGKILL)
  /// SIGUSR1: its meaning is the program's.
  public static let user1 = Signal(rawValue: SIGUSR1)
  /// SIGUSR2: its meaning is the program's.
  public static let user2 = Signal(rawValue: SIGUSR2)
  /// SIGPIPE: a write to a pipe or socket that nobody reads. This library's own writes raise none.
  public static let pipe = Signal(rawValue: SIGPIPE)
  /// SIGALRM: the timer of alarm(2).
  public static let alarm = Signal(rawValue: SIGALRM)
  /// SIGCHLD: a child process has stopped or ended. This library waits for its children without it.
  public static let child = Signal(rawValue: SIGCHLD)
  /// SIGSTOP: stops a process until SIGCONT; no process can wait for it or ignore it.
  public static let stop = Signal(rawValue: SIGSTOP)
  /// SIGCONT: lets a stopped process go on.
  public static let `continue` = Signal(rawValue: SIGCONT)
  /// SIGTSTP: Ctrl-Z, which stops a program.
  public static let terminalStop = Signal(rawValue: SIGTSTP)
  /// SIGWINCH: the terminal has another size.
  public static let windowChange = Signal(rawValue: SIGWINCH)

  /// The system's name: `SIGTERM`.
  public var description: String {
    guard let name = unsafe sigabbrev_np(rawValue) else { return "signal \(rawValue)" }
    return unsafe "SIG" + String(cString: name)
  }

  /// Whether a program can wait for it. It can't for signals that end or stop it in any case, nor for those that the
  /// processor raises.
  package var canBeAwaited: Bool {
    rawValue > 0 && rawValue <= 64
      && ![SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT].contains(rawValue)
  }
}
