// SPDX-License-Identifier: Apache-2.0

import AsyncIOTesting
import TestSupport
import Testing

@testable import AsyncIO

/// A directory of its own, on a loop of the backend.
func withFolder(_ backend: BackendKind, _ body: @escaping @Sendable (Path) async throws -> Void) async throws {
  try await withEventLoop(backend: backend) { try await withTemporaryDirectory { try await body($0) } }
}

@Suite("Files") struct FileTests {
  @Test(arguments: BackendKind.conforming)
  func `what was written is read back, in parts and as a whole`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "numbers"
      let content = pattern(1_000_000)
      try await withFile(path, .write) { try await $0.write(content, at: 0) }
      try await withFile(path) { file in
        expectSame(try await file.readAll(), content)
        let part = try await file.readExactly(70_000, at: 300_001)
        expectSame(part, Array(content[300_001..<370_001]))
        let end = try await file.read(upTo: 100, at: 999_990)
        #expect(end == Array(content[999_990...]))
        let none = try await file.read(upTo: 100, at: 1_000_000)
        #expect(none.isEmpty)
        let size = try await file.size
        #expect(size == 1_000_000)
      }
      expectSame(try await path.readAll(), content)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `each mode makes, keeps or empties the file as Python's does`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "file"
      for mode in [FileMode.read, .update] {
        let missing = await #expect(throws: SystemError.self) { try await openFile(path, mode) }
        #expect(missing?.description == "open \(path): no such file or directory (ENOENT)")
      }
      try await withFile(path, .create) { try await $0.write("first", at: 0) }
      for mode in [FileMode.create, .createAndRead] {
        let exists = await #expect(throws: SystemError.self) { try await openFile(path, mode) }
        #expect(exists?.description == "open \(path): file exists (EEXIST)")
      }
      try await withFile(path, .append) { try await $0.append(" second") }
      try await withFile(path, .readAndAppend) { file in
        try await file.append(" third")
        let text = String(decoding: try await file.readAll(), as: UTF8.self)
        #expect(text == "first second third")
      }
      try await withFile(path, .update) { try await $0.write("F", at: 0) }
      let updated = try await path.readText()
      #expect(updated == "First second third")
      try await withFile(path, .rewrite) { file in
        try await file.write("new", at: 0)
        let text = String(decoding: try await file.readAll(), as: UTF8.self)
        #expect(text == "new")
      }
      try await withFile(path, .write) { _ in }
      let size = try await path.stat().size
      #expect(size == 0)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a wrong use of a mode is the kernel's error`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "file"
      try await path.write("text")
      try await withFile(path) { file in
        let error = await #expect(throws: SystemError.self) { try await file.write("x", at: 0) }
        #expect(error?.description == "write \(path): bad file descriptor (EBADF)")
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a gap is zeros, and a file is cut and made longer`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      try await withFile(folder / "file", .rewrite) { file in
        try await file.write("end", at: 5)
        let bytes = try await file.readAll()
        #expect(bytes == [0, 0, 0, 0, 0] + Array("end".utf8))
        try await file.truncate(to: 6)
        let shorter = try await file.size
        #expect(shorter == 6)
        try await file.truncate(to: 10)
        let longer = try await file.readAll()
        #expect(longer == [0, 0, 0, 0, 0, UInt8(ascii: "e"), 0, 0, 0, 0])
        try await file.sync()
        try await file.sync(dataOnly: true)
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `readers and writers have positions of their own`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      try await withFile(folder / "file", .rewrite) { file in
        var writer = file.writer()
        for number in 0..<10 { try await writer.write("\(number)") }
        var (one, two) = (file.reader(), file.reader(from: 5))
        let first = try await one.read(upTo: 3)
        let second = try await two.read(upTo: 3)
        #expect(String(decoding: first, as: UTF8.self) == "012")
        #expect(String(decoding: second, as: UTF8.self) == "567")
        let rest = try await one.readToEnd()
        #expect(String(decoding: rest, as: UTF8.self) == "3456789")
        two.position = 8
        let record = try await two.readRecord(of: 2)
        #expect(record == Array("89".utf8))
        let end = try await two.readRecord(of: 2)
        #expect(end == nil)
        two.position = 9
        let error = await #expect(throws: IncompleteReadError.self) { try await file.reader(from: 9).copyAndRead(2) }
        #expect(error?.partial == Array("9".utf8))
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a sequence of pieces is written as one`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let pieces = (0..<100).map { pattern($0 * 100, seed: UInt64($0)) }
      let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
      for piece in pieces { continuation.yield(piece) }
      continuation.finish()
      try await withFile(folder / "file", .write) { file in
        var writer = file.writer()
        try await writer.write(contentsOf: stream)
        #expect(writer.position == pieces.reduce(0) { $0 + $1.count })
      }
      expectSame(try await (folder / "file").readAll(), Array(pieces.joined()))
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `lines come without their ends, with a limit`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "text"
      let long = String(repeating: "x", count: 100_000)
      try await path.write("one\r\ntwo\n\n\(long)\nlast")
      try await withFile(path) { file in
        var lines: [String] = []
        for try await line in file.lines() { lines.append(line) }
        #expect(lines == ["one", "two", "", long, "last"])
        var reader = file.reader()
        _ = try await reader.readLine()
        #expect(reader.position == 5)
        var bounded: [String] = []
        let error = await #expect(throws: LimitOverrunError.self) {
          for try await line in file.lines(limit: 1000) { bounded.append(line) }
        }
        #expect(bounded == ["one", "two", ""])
        #expect(error?.limit == 1000)
      }
      try await path.write("")
      try await withFile(path) { file in
        for try await _ in file.lines() { Issue.record("an empty file has no line") }
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a file that is closed says so, and closing twice does nothing`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let file = try await openFile(folder / "file", .rewrite)
      try await file.close()
      try await file.close()
      let error = await #expect(throws: SystemError.self) { try await file.read(upTo: 1, at: 0) }
      #expect(error?.description == "read \(folder / "file"): bad file descriptor (EBADF)")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a temporary file has no name`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      try await withFile(folder, .update.with(.temporary)) { file in
        try await file.write("secret", at: 0)
        let links = try await file.stat().links
        #expect(links == 0)
        let entries = try await folder.entries()
        #expect(entries.isEmpty)
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a whole file longer than the limit is refused`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "file"
      for size in [1000, 1_000_000] {
        try await path.write(pattern(size))
        let bytes = try await path.readAll(upTo: size)
        #expect(bytes.count == size)
        let error = await #expect(throws: LimitOverrunError.self) { try await path.readAll(upTo: size - 1) }
        #expect(error?.place == "readAll \(path)")
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `several tasks append without mixing their lines`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      try await withFile(folder / "log", .append) { file in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for task in 0..<8 {
            group.addTask { for _ in 0..<25 { try await file.append("line of task \(task)\n") } }
          }
          try await group.waitForAll()
        }
      }
      let text = try await (folder / "log").readText()
      let lines = text.split(separator: "\n")
      #expect(lines.count == 200)
      #expect(lines.allSatisfy { $0.hasPrefix("line of task ") && $0.count == 14 })
    }
  }
}

extension FileReader {
  fileprivate func copyAndRead(_ count: Int) async throws -> [UInt8]? {
    var copy = self
    return try await copy.readRecord(of: count)
  }
}
