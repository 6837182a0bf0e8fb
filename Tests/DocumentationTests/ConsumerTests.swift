// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("A package that uses this one", .timeLimit(.minutes(2))) struct ConsumerTests {
  @Test(arguments: ["AsyncIO", "AsyncIOHTTP", "AsyncIOTesting"])
  func `downloads this one and nothing else`(product: String) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("asyncio-consumer-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("Sources/App"), withIntermediateDirectories: true)
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let manifest = """
      // swift-tools-version: 6.2
      import PackageDescription
      let package = Package(
        name: "App",
        dependencies: [.package(name: "swift-asyncio", path: "\(root.path)")],
        targets: [
          .executableTarget(name: "App", dependencies: [.product(name: "\(product)", package: "swift-asyncio")])
        ]
      )
      """
    try manifest.write(to: folder.appendingPathComponent("Package.swift"), atomically: true, encoding: .utf8)
    try "import \(product)\n".write(
      to: folder.appendingPathComponent("Sources/App/main.swift"), atomically: true, encoding: .utf8)
    let shown = try await TestProgram.run(
      "swift", ["package", "--package-path", folder.path, "show-dependencies", "--format", "flatlist"])
    #expect(shown.status == 0, "\(shown.output)")
    // The packages that it depends on, by the names of their folders.
    let names = shown.output.split(separator: "\n").map(String.init)
    #expect(names == [root.lastPathComponent.lowercased()])
    // The places for another package: its working copy, and its version.
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.resolved").path))
    let checkouts = try? FileManager.default.contentsOfDirectory(
      atPath: folder.appendingPathComponent(".build/checkouts").path)
    #expect(checkouts ?? [] == [])
  }
}
