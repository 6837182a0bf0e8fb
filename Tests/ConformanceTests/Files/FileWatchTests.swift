// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Watching files") struct FileWatchTests {
  @Test(arguments: BackendKind.ofAKernel)
  func `each kind of change is told once, by its path`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      try await (folder / "old").write("x")
      try await (folder / "gone").write("x")
      try await (folder / "moved").write("x")
      try await (folder / "saved").write("x")
      let watcher = try await watch([folder])
      try await (folder / "new").write("content")
      try await (folder / "old").append("more")
      try await (folder / "gone").remove()
      try await (folder / "moved").rename(to: folder / "here")
      try await (folder / "saved").writeAtomically("y")
      try await (folder / "brief").write("z")
      try await (folder / "brief").remove()
      try await (folder / "here").setPermissions(0o600)
      let events = try await watcher.nextEvents()
      #expect(
        events.map(\.description) == [
          "created \(folder)/new", "modified \(folder)/old", "removed \(folder)/gone",
          "renamed \(folder)/moved to \(folder)/here", "replaced \(folder)/saved",
        ])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a file is watched by its name, also before it exists`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "settings"
      let watcher = try await watch([path])
      try await (folder / "other").write("x")
      try await path.write("one")
      let created = try await watcher.nextEvents()
      #expect(created == [FileEvent(.created, path)])
      for _ in 0..<3 {
        try await path.writeAtomically("two")
        let saved = try await watcher.nextEvents()
        #expect(saved == [FileEvent(.replaced, path)])
      }
      try await path.append("three")
      let modified = try await watcher.nextEvents()
      #expect(modified == [FileEvent(.modified, path)])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `what is made in new directories is told, however fast it comes`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      try await (folder / "a").makeDirectory()
      let watcher = try await watch([folder], recursive: true, window: .milliseconds(5))
      var expected: Set<Path> = []
      for number in 0..<20 {
        let deep = folder / "a" / "b\(number)" / "c" / "d"
        try await deep.makeDirectory(withParents: true)
        try await (deep / "file").write("x")
        expected.formUnion([deep.parent.parent, deep.parent, deep, deep / "file"])
      }
      var told: Set<Path> = []
      while told.count < expected.count {
        for event in try await watcher.nextEvents() {
          if event.kind == .created { #expect(told.insert(event.path).inserted || event.path.name == "file") }
        }
      }
      #expect(told == expected)
      // From now on they are watched as the others.
      try await (folder / "a" / "b7" / "c" / "d" / "file").append("more")
      let events = try await watcher.nextEvents()
      #expect(events == [FileEvent(.modified, folder / "a" / "b7" / "c" / "d" / "file")])
      try await (folder / "a").rename(to: folder / "z")
      _ = try await watcher.nextEvents()
      try await (folder / "z" / "b7" / "c" / "d" / "file").append("more")
      let renamed = try await watcher.nextEvents()
      #expect(renamed == [FileEvent(.modified, folder / "z" / "b7" / "c" / "d" / "file")])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a cancelled wait loses nothing, and a missing path is named`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let watcher = try await watch([folder])
      let waiting = Task { try await watcher.nextEvents() }
      try await turns { EventLoop.current.statistics.waiting > 0 }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      try await (folder / "file").write("x")
      let events = try await watcher.nextEvents()
      #expect(events == [FileEvent(.created, folder / "file")])
      let error = await #expect(throws: SystemError.self) { _ = try await watch([folder / "no" / "file"]) }
      #expect(error?.description == "watch \(folder)/no/file: no such file or directory (ENOENT)")
    }
  }
}
