// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder for one test, removed with this object.
final class TemporaryFolder: Sendable {
  struct Failed: Error {
    let errno: Int32
  }

  private let folder: String

  init() throws {
    var template = Array("/tmp/asyncio-names-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failed(errno: errno) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["resolv.conf", "hosts", "nsswitch.conf"] { unlink(path(name)) }
    rmdir(folder)
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Replaces a file with a new one.
  func write(_ text: String, to name: String) throws {
    let new = path("new")
    guard let file = fopen(new, "w") else { throw Failed(errno: errno) }
    fputs(text, file)
    fclose(file)
    guard rename(new, path(name)) == 0 else { throw Failed(errno: errno) }
  }
}
