// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What is looked at more closely, and told on standard error; asyncio's debug mode. `AIO_DEBUG=1` in the environment
/// turns it on, or `EventLoop.run(debug: true)`:
///
/// - which backend a loop runs on, and why;
/// - a job that keeps a loop for more than 100 ms, with the backtrace of its thread, while it does;
/// - how long each look-up of a name took;
/// - servers and connections that nobody closed;
/// - connections that a server has lost, and TLS handshakes that failed, with the reason;
/// - names of waiting tasks in reports.
///
/// What costs nothing is always on: that a function for the loop's thread is called on another, where a task was created
/// that failed or doesn't end.
package enum DebugMode {
  /// For the process: several loops run in one, and a look-up or a connection is not yet or no longer on any.
  package static var isOn: Bool { state.load(ordering: .relaxed) }

  private static let state = Atomic(isOn(value("AIO_DEBUG")))

  /// What `run(debug:)` says; nil is what the environment says.
  static func set(_ isOn: Bool?) { state.store(isOn ?? Self.isOn(value("AIO_DEBUG")), ordering: .relaxed) }

  static func isOn(_ value: String?) -> Bool { value.map { !$0.isEmpty && $0 != "0" } ?? false }

  private static func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

  /// A line on standard error, in debug mode.
  package static func log(_ text: @autoclosure () -> String) {
    if isOn { writeToStandardError("asyncio: \(text())\n") }
  }
}
