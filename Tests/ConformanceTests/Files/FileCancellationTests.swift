// SPDX-License-Identifier: Apache-2.0
// A task that is cancelled before a call begins nothing; one that is cancelled meanwhile leaves a whole file system: no
// open descriptor, no half job, and `withFile` returns only when nothing writes any more.

import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@testable import AsyncIO

@Suite("Cancelled files") struct FileCancellationTests {
  @Test(arguments: BackendKind.conforming)
  func `a cancelled task begins no call`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "file"
      try await path.write("old")
      let calls: [@Sendable () async throws -> Void] = [
        { try await path.write("new") }, { try await path.writeAtomically("new") }, { try await path.remove() },
        { try await path.rename(to: folder / "other") }, { try await path.copy(to: folder / "other") },
        { try await (folder / "new").makeDirectory() }, { try await folder.removeTree() },
        { _ = try await openFile(folder / "new", .write) }, { _ = try await path.stat() },
        { for try await _ in folder.list() {} }, { for try await _ in folder.walk() {} },
      ]
      for call in calls {
        let task = Task {
          withUnsafeCurrentTask { $0?.cancel() }
          try await call()
        }
        await #expect(throws: CancellationError.self) { try await task.value }
      }
      let entries = try await folder.entries().map(\.name)
      #expect(entries == ["file"])
      let text = try await path.readText()
      #expect(text == "old")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `cancelling after any number of turns leaves the old file or the new one`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "file"
      let (old, new) = (pattern(50_000, seed: 1), pattern(80_000, seed: 2))
      try await path.write(old)
      for turns in 0..<12 {
        let task = Task { try await path.writeAtomically(new, durable: false) }
        for _ in 0..<turns { await Task.yield() }
        task.cancel()
        _ = try? await task.value
        let now = try await path.readAll()
        #expect(now == old || now == new)
      }
      // A job that had begun runs to its end, and leaves nothing beside the file.
      try await turns { try await folder.entries().map(\.name) == ["file"] }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `no descriptor is left of an open that was cancelled`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "a file that is opened by nobody else"
      try await path.write("x")
      for turns in 0..<8 {
        let task = Task { try await openFile(path) }
        for _ in 0..<turns { await Task.yield() }
        task.cancel()
        if let file = try? await task.value { try await file.close() }
      }
      try await turns { openDescriptors(of: path.description) == 0 }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `withFile returns when nothing writes any more, though its body was cancelled`(backend: BackendKind) async throws
  {
    try await withFolder(backend) { folder in
      let path = folder / "large"
      let content = pattern(16_000_000)
      for count in 0..<6 {
        let hasOpened = Event()
        let task = Task {
          try await withFile(path, .write) { file in
            hasOpened.set()
            try await file.write(content, at: 0)
          }
        }
        try await hasOpened.wait()
        for _ in 0..<count { await Task.yield() }
        task.cancel()
        _ = try? await task.value
        #expect(openDescriptors(of: path.description) == 0)
      }
    }
  }
}

/// How many descriptors of this process are of the file.
private func openDescriptors(of path: String) -> Int {
  (0..<1024).filter { number in
    var target = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/fd/\(number)", &target, target.count - 1)
    return count > 0 && String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) == path
  }.count
}
