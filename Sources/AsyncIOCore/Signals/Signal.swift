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
  /// SIGHUP: the terminal is gone.
  public static let hangup = Signal(rawValue: SIGHUP)

  /// The system's name: `SIGTERM`.
  public var description: String {
    guard let name = unsafe sigabbrev_np(rawValue) else { return "signal \(rawValue)" }
    return unsafe "SIG" + String(cString: name)
  }

  /// Whether a program can wait for it. It can't for signals that end or stop it in any case, nor for those that the
  /// processor raises.
  var canBeAwaited: Bool {
    rawValue > 0 && rawValue <= 64
      && ![SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT].contains(rawValue)
  }
}
