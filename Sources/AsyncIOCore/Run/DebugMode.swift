// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Extra checks and reports on standard error; asyncio's debug mode. `AIO_DEBUG=1` in the environment turns it on, or
/// `EventLoop.run(debug: true)`. It reports:
///
/// - the backend of a loop, and why it was chosen;
/// - a job that keeps a loop for more than 100 ms, while it does, with the backtrace of its thread;
/// - how long each name look-up took;
/// - servers and connections that were not closed;
/// - connections that a server lost, and TLS handshakes that failed, with the reason;
/// - names of waiting tasks in reports.
///
/// Checks without a cost are always on: calls off the loop's thread trap, and reports of tasks that failed or don't end
/// name the place of their creation.
package enum DebugMode {
  /// One setting for the process: several loops run in one, and a look-up or a connection may be on none of them.
  package static var isOn: Bool { state.load(ordering: .relaxed) }

  private static let state = Atomic(isOn(value("AIO_DEBUG")))

  /// Applies `run(debug:)`; nil applies the environment's value.
  static func set(_ isOn: Bool?) { state.store(isOn ?? Self.isOn(value("AIO_DEBUG")), ordering: .relaxed) }

  static func isOn(_ value: String?) -> Bool { value.map { !$0.isEmpty && $0 != "0" } ?? false }

  private static func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

  /// Writes a line on standard error, in debug mode only.
  package static func log(_ text: @autoclosure () -> String) {
    if isOn { writeToStandardError("asyncio: \(text())\n") }
  }
}
