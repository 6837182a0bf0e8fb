// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Paths") struct PathTests {
  @Test(arguments: BackendKind.conforming)
  func `status, existence and kind`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "file"
      let before = try await path.exists()
      #expect(!before)
      try await path.write("12345", permissions: 0o640)
      let status = try await path.stat()
      #expect(status.kind == .regular && status.size == 5 && status.links == 1)
      #expect(status.permissions.rawValue & 0o600 == 0o600)
      let answers = [
        try await path.exists(), try await path.isFile(), try await path.isDirectory(), try await folder.isDirectory(),
        try await (path / "below").exists(),
      ]
      #expect(answers == [true, true, false, true, false])
      try await path.setPermissions(0o600)
      let permissions = try await path.stat().permissions
      #expect(permissions.description == "rw-------")
      try await path.setTimes(modified: FileTime(seconds: 1_000_000))
      let modified = try await path.stat().modified
      #expect(modified.seconds == 1_000_000)
      try await path.touch()
      let touched = try await path.stat().modified
      #expect(touched > modified)
      let error = await #expect(throws: SystemError.self) { try await (folder / "none").stat() }
      #expect(error?.description == "stat \(folder)/none: no such file or directory (ENOENT)")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `renaming replaces, keeps or exchanges`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let (one, two) = (folder / "one", folder / "two")
      try await one.write("1")
      try await two.write("2")
      let error = await #expect(throws: SystemError.self) { try await one.rename(to: two, replacing: false) }
      #expect(error?.description == "rename \(one) to \(two): file exists (EEXIST)")
      try await one.exchange(with: two)
      let exchanged = [try await one.readText(), try await two.readText()]
      #expect(exchanged == ["2", "1"])
      try await one.rename(to: two)
      let left = try await folder.entries().map(\.name)
      #expect(left == ["two"])
      let renamed = try await two.readText()
      #expect(renamed == "2")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `links are made, read and followed`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let (file, hard, soft) = (folder / "file", folder / "hard", folder / "soft")
      try await file.write("content")
      try await file.makeLink(at: hard)
      try await soft.makeSymbolicLink(to: "file")
      let said = try await soft.readLink()
      #expect(said == "file")
      let texts = [try await hard.readText(), try await soft.readText()]
      #expect(texts == ["content", "content"])
      let status = try await file.stat()
      let other = try await hard.stat()
      #expect(status.links == 2 && status.isSameFile(as: other))
      let isLink = [try await soft.isSymbolicLink(), try await file.isSymbolicLink()]
      #expect(isLink == [true, false])
      let resolved = try await soft.resolve()
      let plain = try await file.resolve()
      #expect(resolved == plain)
      try await file.remove()
      let dangling = [try await soft.exists(), try await soft.exists(followingLinks: false)]
      #expect(dangling == [false, true])
      let error = await #expect(throws: SystemError.self) { try await hard.readLink() }
      #expect(error?.code == .invalidArgument)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `directories are made with their parents, and removed`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let deep = folder / "a" / "b" / "c"
      let missing = await #expect(throws: SystemError.self) { try await deep.makeDirectory() }
      #expect(missing?.description == "mkdir \(deep): no such file or directory (ENOENT)")
      try await deep.makeDirectory(withParents: true)
      try await deep.makeDirectory(withParents: true, ifMissing: true)
      let exists = await #expect(throws: SystemError.self) { try await deep.makeDirectory() }
      #expect(exists?.code.name == "EEXIST")
      let full = await #expect(throws: SystemError.self) { try await (folder / "a").removeDirectory() }
      #expect(full?.description == "rmdir \(folder)/a: directory not empty (ENOTEMPTY)")
      try await deep.removeDirectory()
      let gone = try await deep.exists()
      #expect(!gone)
      try await (folder / "a" / "file").write("x")
      try await (folder / "a" / "link").makeSymbolicLink(to: folder)
      try await (folder / "a").removeTree()
      let entries = try await folder.entries()
      #expect(entries.isEmpty)
      let again = await #expect(throws: SystemError.self) { try await (folder / "a").removeTree() }
      #expect(again?.code == .noSuchFile)
      try await (folder / "a").removeTree(ifExists: true)
      try await (folder / "a").remove(ifExists: true)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a tree is removed without following its links`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      try await (folder / "kept").makeDirectory()
      try await (folder / "kept" / "file").write("x")
      try await (folder / "tree").makeDirectory()
      try await (folder / "tree" / "link").makeSymbolicLink(to: folder / "kept")
      try await (folder / "tree").removeTree()
      try await (folder / "toKept").makeSymbolicLink(to: folder / "kept")
      try await (folder / "toKept").removeTree()
      let kept = try await (folder / "kept" / "file").readText()
      #expect(kept == "x")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a name that is not UTF-8 is listed, opened and removed`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let name = Path(bytes: [0x66, 0xff, 0x6f, 0xc3, 0x28, 0x0a])
      #expect(name.description == "f\\xffo\\xc3(\n")
      try await (folder / name).write("foreign")
      let entries = try await folder.entries()
      #expect(entries.map(\.name) == [name])
      let text = try await (folder / entries[0].name).readText()
      #expect(text == "foreign")
      try await (folder / entries[0].name).remove()
      let error = await #expect(throws: SystemError.self) { try await (folder / name).readAll() }
      #expect(error?.description.hasSuffix("/f\\xffo\\xc3(\n: no such file or directory (ENOENT)") == true)
      let left = try await folder.entries()
      #expect(left.isEmpty)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a zero byte within a path is refused, and not cut off`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = Path(bytes: Array((folder / "file").bytes) + [0] + Array("more".utf8))
      let error = await #expect(throws: SystemError.self) { try await path.write("x") }
      #expect(error?.code == .invalidArgument)
      let entries = try await folder.entries()
      #expect(entries.isEmpty)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a file is copied, over another one or not`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let (one, two) = (folder / "one", folder / "two")
      let content = pattern(3_000_000)
      try await one.write(content, permissions: 0o700)
      try await one.setTimes(modified: FileTime(seconds: 1000))
      try await one.copy(to: two, keepingTimes: true)
      expectSame(try await two.readAll(), content)
      let status = try await two.stat()
      #expect(status.permissions == 0o700 && status.modified.seconds == 1000)
      try await one.write("short")
      try await one.copy(to: two)
      let short = try await two.readText()
      #expect(short == "short")
      let exists = await #expect(throws: SystemError.self) { try await one.copy(to: two, replacing: false) }
      #expect(exists?.code.name == "EEXIST")
      let itself = await #expect(throws: SystemError.self) { try await one.copy(to: one) }
      #expect(itself?.code.name == "EEXIST")
      let kept = try await one.readText()
      #expect(kept == "short")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a tree is copied with its links`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let tree = folder / "tree"
      try await (tree / "a" / "b").makeDirectory(withParents: true)
      try await (tree / "a" / "file").write("content")
      try await (tree / "link").makeSymbolicLink(to: "a/file")
      try await tree.copyTree(to: folder / "copy")
      let said = try await (folder / "copy" / "link").readLink()
      #expect(said == "a/file")
      let text = try await (folder / "copy" / "link").readText()
      #expect(text == "content")
      let exists = await #expect(throws: SystemError.self) { try await tree.copyTree(to: folder / "copy") }
      #expect(exists?.code.name == "EEXIST")
      try await tree.copyTree(to: folder / "copy", merging: true)
      // Into itself: the copy is not copied.
      try await tree.copyTree(to: tree / "within")
      let deeper = try await (tree / "within" / "within").exists()
      #expect(!deeper)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a directory is listed in batches, and a tree is walked`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      for directory in 0..<3 {
        try await (folder / "d\(directory)").makeDirectory()
        for file in 0..<700 { try await (folder / "d\(directory)" / "f\(file)").write("") }
      }
      var names: Set<Path> = []
      for try await entry in (folder / "d1").list() {
        #expect(entry.kind == .regular)
        names.insert(entry.name)
      }
      #expect(names.count == 700)
      var found: [WalkEntry] = []
      for try await entry in folder.walk() { found.append(entry) }
      #expect(found.count == 2103)
      // A directory comes before what is in it.
      let places = Dictionary(uniqueKeysWithValues: found.enumerated().map { ($1.path, $0) })
      #expect(found.allSatisfy { $0.depth == 1 || places[$0.path.parent]! < places[$0.path]! })
      var shallow = 0
      for try await entry in folder.walk(deepest: 1) {
        #expect(entry.kind == .directory && entry.depth == 1)
        shallow += 1
      }
      #expect(shallow == 3)
      let error = await #expect(throws: LimitOverrunError.self) { try await (folder / "d1").entries(upTo: 10) }
      #expect(error?.limit == 10)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `atomic writes leave one file, with the permissions of the old one`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "state"
      try await path.writeAtomically("one")
      try await path.setPermissions(0o600)
      try await path.writeAtomically("two")
      let text = try await path.readText()
      let permissions = try await path.stat().permissions
      #expect(text == "two" && permissions == 0o600)
      try await path.writeAtomically([1, 2], permissions: 0o644, durable: false)
      let entries = try await folder.entries().map(\.name)
      #expect(entries == ["state"])
      let longName = folder / Path(String(repeating: "n", count: 255))
      try await longName.writeAtomically("fits")
      try await longName.remove()
      let error = await #expect(throws: SystemError.self) { try await folder.writeAtomically("x") }
      #expect(error?.description == "rename \(folder): is a directory (EISDIR)")
      let missing = await #expect(throws: SystemError.self) { try await (folder / "no" / "x").writeAtomically("x") }
      #expect(missing?.description == "open \(folder)/no/x: no such file or directory (ENOENT)")
      let left = try await folder.entries().map(\.name)
      #expect(left == ["state"])
    }
  }
}
