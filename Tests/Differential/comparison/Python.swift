// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The newest CPython of this machine, in PATH or installed by pyenv; there may be none.
struct Python {
  let executable: URL
  /// Such as 3.13.0.
  let version: String

  static func newest() throws -> Python {
    let environment = ProcessInfo.processInfo.environment
    var folders = (environment["PATH"] ?? "").split(separator: ":").map { URL(fileURLWithPath: String($0)) }
    let pyenv = environment["PYENV_ROOT"] ?? "\(environment["HOME"] ?? "")/.pyenv"
    folders += entries(of: URL(fileURLWithPath: pyenv).appendingPathComponent("versions"))
      .map { $0.appendingPathComponent("bin") }
    // Newest first. A bare `python3` may be any version, and a good one always has a more specific name, too.
    let candidates = folders.flatMap(entries)
      .compactMap { file in minorVersion(file.lastPathComponent).map { (file, $0) } }
      .filter { $0.1 >= oldest }
      .sorted { $0.1 > $1.1 }
    for (file, _) in candidates {
      // The commands that pyenv puts into PATH work only if their version is selected.
      let answer = try? TestProgram(
        file.path, ["-c", "import platform; print(platform.python_version())"], errors: .collected
      ).finish()
      if let answer, answer.failure == nil {
        return Python(executable: file, version: answer.output.trimmingCharacters(in: .newlines))
      }
    }
    throw PythonNotFound()
  }

  /// The minor version, such as 13 for `python3.13`.
  private static func minorVersion(_ name: String) -> Int? {
    name.hasPrefix("python3.") ? Int(name.dropFirst("python3.".count)) : nil
  }

  /// TaskGroup, Barrier and timeout came with 3.11.
  private static var oldest: Int { 11 }

  private static func entries(of folder: URL) -> [URL] {
    (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
  }
}

struct PythonNotFound: Error, CustomStringConvertible {
  var description: String { "no python3.11 or later in PATH, nor in pyenv's versions" }
}
