// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Certificates that the `openssl` command makes once per test process, in a folder that is removed with it. The script
/// `make-certificates` beside this file lists them.
public struct TestCertificates: Sendable {
  /// The path of the folder.
  public let folder: String

  /// The certificates that all tests of a process share.
  public static let shared: TestCertificates = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("asyncio-tls-\(UUID().uuidString)")
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("make-certificates")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let made = try TestProgram(script.path, [folder.path], errors: .withOutput).finish()
      guard made.status == 0 else { fatalError("make-certificates \(made.failure ?? ""): \(made.output)") }
    } catch {
      fatalError("make-certificates: \(error)")
    }
    atexit { try? FileManager.default.removeItem(atPath: TestCertificates.shared.folder) }
    return TestCertificates(folder: folder.path)
  }()

  /// The path of a file.
  public func path(_ file: String) -> String { "\(folder)/\(file)" }

  /// The content of a file.
  public func text(_ file: String) -> String { (try? String(contentsOfFile: path(file), encoding: .utf8)) ?? "" }
}
