// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("Files of a process that is killed", .timeLimit(.minutes(2))) struct FileRunTests {
  @Test(arguments: RunTests.backends)
  func `200 kills in the middle of atomic writes leave the old content or the new one`(backend: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("asyncio-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("state")
    // Each backend has its half.
    for round in 0..<100 {
      var environment = ["AIO_BACKEND": backend, "AIO_TEST_PATH": file.path]
      if round % 4 == 0 { environment["AIO_TEST_DURABLE"] = "1" }
      let child = try TestProgram(scenario: "write-atomically", environment: environment)
      for _ in 0...round % 3 { #expect(child.readLine() == "written") }
      // Another place of the next write in each round.
      var spins = round * 2000
      while spins > 0 { spins -= 1 }
      child.send(SIGKILL)
      #expect(child.wait() == -SIGKILL)
      let content = try Data(contentsOf: file)
      #expect(content.count == 100_000)
      #expect(content.allSatisfy { $0 == content.first })
    }
  }
}
