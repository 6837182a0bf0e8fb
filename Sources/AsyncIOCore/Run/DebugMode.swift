// SPDX-License-Identifier: Apache-2.0

import Glibc

/// `AIO_DEBUG=1` in the environment: the loop says which backend it runs on, keeps the names of waiting tasks and
/// reports jobs that keep it too long. asyncio's debug mode.
enum DebugMode {
  static let isOn = isOn(value("AIO_DEBUG"))

  static func isOn(_ value: String?) -> Bool { value.map { !$0.isEmpty && $0 != "0" } ?? false }

  private static func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

  /// A line on standard error, in debug mode.
  static func log(_ text: @autoclosure () -> String) {
    if isOn { writeToStandardError("asyncio: \(text())\n") }
  }
}
