// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

/// A folder that is removed after the test.
final class TemporaryFolder: Sendable {
  private let folder: String

  init() throws {
    var template = Array("/tmp/asyncio-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SystemError("mkdtemp", code: .init(rawValue: errno)) }
    folder = String(cString: made)
  }

  deinit {
    for name in ["socket", "server", "client"] { unlink(path(name)) }
    rmdir(folder)
  }

  var name: String { String(folder.suffix(6)) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }
}
