// SPDX-License-Identifier: Apache-2.0
// What depends on mounts, on the user and on the limits of the process. A file system of a few kilobytes is mounted by
// another program, in a namespace of its own, and reached by way of /proc: root only. Elsewhere these tests say so.

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Files that may not be") struct FilePermissionTests {
  @Test(arguments: BackendKind.ofAKernel)
  func `a full disk is named, and the old file stays`(backend: BackendKind) async throws {
    guard let mount = try await SmallMount("size=64k") else { return }
    try await withEventLoop(backend: backend) {
      let path = mount.path / "file"
      try await path.write("old")
      let content = pattern(1_000_000)
      let atomic = await text { try await path.writeAtomically(content) }
      #expect(atomic == "write \(path): no space left on device (ENOSPC)")
      let old = try await path.readText()
      #expect(old == "old")
      let names = try await mount.path.entries().map(\.name)
      #expect(names == ["file"])
      let whole = await text { try await (mount.path / "other").write(content) }
      #expect(whole == "write \(mount.path)/other: no space left on device (ENOSPC)")
      try await (mount.path / "other").remove()
      let scoped = await text {
        try await withFile(mount.path / "scoped", .write) { file in
          // An error that the body drops is the file's, and stays.
          do { try await file.write(content, at: 0) } catch {}
          let sync = await text { try await file.sync() }
          #expect(sync == "write \(mount.path)/scoped: no space left on device (ENOSPC)")
        }
      }
      #expect(scoped == "write \(mount.path)/scoped: no space left on device (ENOSPC)")
      try await (mount.path / "scoped").remove()
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a file system that may only be read is named`(backend: BackendKind) async throws {
    guard let mount = try await SmallMount("ro,size=64k") else { return }
    try await withEventLoop(backend: backend) {
      let path = mount.path / "file"
      let texts = [
        await text { try await path.write("x") }, await text { try await path.writeAtomically("x") },
        await text { try await path.makeDirectory() },
      ]
      #expect(
        texts == [
          "open \(path): read-only file system (EROFS)", "open \(path): read-only file system (EROFS)",
          "mkdir \(path): read-only file system (EROFS)",
        ])
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a file that may not be read is named`(backend: BackendKind) async throws {
    if geteuid() == 0 {
      print("root may read everything: no test of EACCES")
      return
    }
    try await withFolder(backend) { folder in
      let path = folder / "file"
      try await path.write("secret", permissions: 0)
      let error = await text { try await path.readAll() }
      #expect(error == "open \(path): permission denied (EACCES)")
    }
  }
}

/// A file system in memory, mounted for one other program. It ends with that.
private final class SmallMount: Sendable {
  let path: Path
  private let holder: TestProgram

  /// - Returns: nil if it can't be mounted here.
  init?(_ options: String) async throws {
    let script = "mount -t tmpfs -o \(options) none /mnt && echo $$ && exec sleep 60"
    guard geteuid() == 0, let holder = try? TestProgram("unshare", ["-m", "sh", "-c", script]) else {
      print("only root can mount: no test with a small disk")
      return nil
    }
    guard let line = holder.readLine(), let id = Int(line) else {
      print("nothing can be mounted here: no test with a small disk")
      return nil
    }
    self.holder = holder
    path = Path("/proc/\(id)/root/mnt")
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
