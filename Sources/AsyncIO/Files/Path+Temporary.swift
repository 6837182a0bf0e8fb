// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Glibc

/// Makes a directory that nobody else knows, lends its path, and removes it with all that is in it; Python's
/// `tempfile.TemporaryDirectory`.
///
/// ```swift
/// try await withTemporaryDirectory { folder in
///   try await (folder / "part.1").write("text")
/// }
/// ```
///
/// It is made in `$TMPDIR`, or else in /tmp, for this user only.
///
/// **Cancellation** of the body doesn't keep the directory from being removed.
///
/// - Throws: What the body throws; `SystemError` if the directory can't be made or removed.
public nonisolated(nonsending) func withTemporaryDirectory<Result>(
  prefix: String = "asyncio-", _ body: nonisolated(nonsending) (Path) async throws -> Result
) async throws -> Result {
  let path = try await makeTemporaryDirectory(prefix)
  let result: Result
  do {
    result = try await body(path)
  } catch {
    try? await shield { try await path.removeTree(ifExists: true) }
    throw error
  }
  try await shield { try await path.removeTree(ifExists: true) }
  return result
}

private nonisolated(nonsending) func makeTemporaryDirectory(_ prefix: String) async throws -> Path {
  let parent = unsafe getenv("TMPDIR").map { unsafe Path(String(cString: $0)) } ?? "/tmp"
  let waited = PathWait(parent)
  return try await onCurrentLoop { loop in
    let marks = (0..<16).map { _ in EventLoop.withRandom { UInt64.random(in: 0 ... .max, using: &$0) } }
    return try await loop.runFileJob(WaitReason("mkdir", on: waited)) { files in
      var parent = parent
      for mark in marks {
        let path = parent / Path(prefix + String(mark, radix: 36))
        do throws(Errno) {
          try files.makeDirectory(path, at: files.workingDirectory, mode: 0o700)
          return path
        } catch {
          // $TMPDIR is the machine's, and a world in memory has /tmp alone.
          if error.code == ENOENT, parent != "/tmp" {
            parent = "/tmp"
          } else if error.code != EEXIST {
            throw error.named("mkdir", path.description)
          }
        }
      }
      throw Errno(EEXIST).named("mkdir", "\(parent)/\(prefix)…")
    }
  }
}
