// SPDX-License-Identifier: Apache-2.0
// What goes wrong with files, each an error that names operation, path and reason. What depends on the
// user or on mounts is in FilePermissionTests.

import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@testable import AsyncIO

@Suite("Files that fail") struct FileFaultTests {
  @Test(arguments: BackendKind.conforming)
  func `a directory where a file is meant, and the other way round`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let file = folder / "file"
      try await file.write("x")
      let texts = [
        await text { try await folder.readAll() },
        await text { _ = try await openFile(folder) },
        await text { try await folder.write("x") },
        await text { try await folder.remove() },
        await text { try await (file / "below").readAll() },
        await text { try await file.entries() },
        await text { try await file.removeDirectory() },
      ]
      #expect(
        texts == [
          "read \(folder): is a directory (EISDIR)",
          "open \(folder): is a directory (EISDIR)",
          "open \(folder): is a directory (EISDIR)",
          "unlink \(folder): is a directory (EISDIR)",
          "open \(file)/below: not a directory (ENOTDIR)",
          "open \(file): not a directory (ENOTDIR)",
          "rmdir \(file): not a directory (ENOTDIR)",
        ])
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a name too long, and a loop of links`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let long = folder / Path(String(repeating: "n", count: 256))
      let tooLong = await text { try await long.readAll() }
      #expect(tooLong == "open \(long): file name too long (ENAMETOOLONG)")
      try await (folder / "a").makeSymbolicLink(to: "b")
      try await (folder / "b").makeSymbolicLink(to: "a")
      let loop = await text { try await (folder / "a").readAll() }
      #expect(loop == "open \(folder)/a: too many levels of symbolic links (ELOOP)")
      let empty = await text { try await Path("").readAll() }
      #expect(empty == "open: no such file or directory (ENOENT)")
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a full disk fails the write, then each sync and the close`(backend: BackendKind) async throws {
    // A device that is always full. It has no places, as a FIFO.
    try await withEventLoop(backend: backend) {
      let whole = await text { try await Path("/dev/full").write("x") }
      #expect(whole == "write /dev/full: no space left on device (ENOSPC)")
      let atOnce = await text {
        try await withFile("/dev/full", .update) { file in
          do { try await file.write("x", at: 0) } catch {}
        }
      }
      #expect(atOnce == "write /dev/full: no space left on device (ENOSPC)")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a failed write stays: later syncs and the close fail with it`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "file"
      let file = try await openFile(path, .rewrite)
      try await file.write("good", at: 0)
      file.keep(Errno(EIO), of: "write")
      let expected = "write \(path): input/output error (EIO)"
      let sync = await text { try await file.sync() }
      #expect(sync == expected)
      try await file.write("more", at: 4)
      file.keep(Errno(EIO), of: "fsync")
      let write = await text { try await file.write("most", at: 8) }
      #expect(write == expected)
      let close = await text { try await file.close() }
      #expect(close == expected)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a write beyond the process's limit of file sizes is named`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let file = try await openFile(folder / "file", .write)
      // The offset is beyond what any file system has.
      let error = await text { try await file.write("x", at: .max - 10) }
      #expect(error == "write \(folder)/file: file too large (EFBIG)" || error?.hasSuffix("(EINVAL)") == true)
      try? await file.close()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a FIFO without a writer keeps neither the loop nor a thread`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "fifo"
      #expect(mkfifo(path.description, 0o600) == 0)
      let noReader = await text { _ = try await openFile(path, .write) }
      #expect(noReader == "open \(path): no such device or address (ENXIO)")
      let reader = try await openFile(path)
      let writer = try await openFile(path, .write)
      let reading = Task { try await reader.read(upTo: 10, at: 0) }
      try await turns { EventLoop.current.statistics.waiting > 0 }
      try await writer.write("hello", at: 0)
      let bytes = try await reading.value
      #expect(bytes == Array("hello".utf8))
      let cancelled = Task { try await reader.read(upTo: 10, at: 0) }
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      try await writer.close()
      let end = try await reader.read(upTo: 10, at: 0)
      #expect(end.isEmpty)
      try await reader.close()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a whole file that is a FIFO is read to its end`(backend: BackendKind) async throws {
    try await withFolder(backend) { folder in
      let path = folder / "fifo"
      #expect(mkfifo(path.description, 0o600) == 0)
      let holder = try await openFile(path, .update)
      let reading = Task { try await path.readAll() }
      try await holder.write("all of it", at: 0)
      try await turns { EventLoop.current.statistics.waiting > 0 }
      try await holder.close()
      let bytes = try await reading.value
      #expect(String(decoding: bytes, as: UTF8.self) == "all of it")
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a file of /proc, whose size nobody knows, is read whole`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let text = try await Path("/proc/self/status").readText()
      #expect(text.hasPrefix("Name:") && text.contains("VmRSS"))
      try await withTemporaryDirectory { folder in
        try await Path("/proc/self/status").copy(to: folder / "copy")
        let copy = try await (folder / "copy").readText()
        #expect(copy.hasPrefix("Name:"))
      }
    }
  }
}

/// What the body throws, as text; nil if nothing.
private func text<Value>(_ body: () async throws -> Value) async -> String? {
  do {
    _ = try await body()
    return nil
  } catch {
    return "\(error)"
  }
}
