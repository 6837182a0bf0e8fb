// SPDX-License-Identifier: Apache-2.0
// What a warm read costs: system calls and turns, which are the same in every run, and no time.

import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIO

@Suite("The cost of files") struct FileCostTests {
  @Test(arguments: BackendKind.ofAKernel)
  func `a warm read is one system call, and no hop`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "file"
      try await path.write(pattern(65_536))
      try await withFile(path) { file in
        _ = try await file.read(upTo: 65_536, at: 0)
        let (calls, turns) = counts()
        for _ in 0..<10 {
          let bytes = try await file.read(upTo: 65_536, at: 0)
          #expect(bytes.count == 65_536)
        }
        let after = counts()
        #expect(after.calls - calls == 10)
        #expect(after.turns == turns)
      }
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a warm whole file is four system calls, and no hop`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      // The directory of the test may be a link, which takes the long way.
      let path = try await folder.resolve() / "file"
      try await path.write(pattern(65_536))
      let (calls, turns) = counts()
      for _ in 0..<10 {
        let bytes = try await path.readAll()
        #expect(bytes.count == 65_536)
      }
      let after = counts()
      guard after.turns == turns else {
        print("\(folder) is not on a local file system: whole files take a hop")
        return
      }
      #expect(after.calls - calls == 40)
    }
  }

  private func counts() -> (calls: Int, turns: Int) {
    (EventLoop.current.backend.fileSystem.calls, EventLoop.current.statistics.turns)
  }
}
