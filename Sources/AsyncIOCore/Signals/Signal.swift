// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A signal of the system, by its number; signal(7).
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
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// SIGINT: Ctrl-C.
  public static let interrupt = Signal(rawValue: SIGINT)
  /// SIGTERM: what `kill`, systemd and containers end a program with.
  public static let terminate = Signal(rawValue: SIGTERM)
  /// SIGHUP: the terminal is gone.
  public static let hangup = Signal(rawValue: SIGHUP)

  /// The system's name: `SIGTERM`.
  public var description: String {
    guard let name = unsafe sigabbrev_np(rawValue) else { return "signal \(rawValue)" }
    return unsafe "SIG" + String(cString: name)
  }

  /// Whether a program can wait for it: not one that ends it or stops it in any case, nor what the processor raises.
  var canBeAwaited: Bool {
    rawValue > 0 && rawValue <= 64
      && ![SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT].contains(rawValue)
  }
}
