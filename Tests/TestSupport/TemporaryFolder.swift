// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A folder for one test, removed with this object and all that is in it.
public final class TemporaryFolder: Sendable {
  private let folder: String

  public init() throws {
    var template = Array("/tmp/asyncio-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw TestProgramError("mkdtemp: errno \(errno)") }
    folder = String(cString: made)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A word that no other folder has.
  public var name: String { String(folder.suffix(6)) }

  public func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Replaces a file with a new one.
  public func write(_ text: String, to name: String) throws {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
  }
}

/// A folder that the test removes.
public func temporaryFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("asyncio-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
