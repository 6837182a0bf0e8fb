// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc
import Synchronization

extension File {
  /// Writes bytes to a place in the file, all of them; `os.pwrite`. Past the end, the gap is zeros.
  ///
  /// ```swift
  /// try await withFile("table.bin", .update) { try await $0.write([1, 2, 3], at: 300) }
  /// ```
  ///
  /// When it returns the file has the bytes, for all who read it; the disk has them after `sync`. A file that was
  /// opened to append puts them at its end.
  ///
  /// - Throws: `SystemError`, such as `write table.bin: no space left on device (ENOSPC)`, when a part may have been
  ///   written. `CancellationError` if the task is cancelled meanwhile: the file may have all, a part or nothing of it.
  public nonisolated(nonsending) func write(_ bytes: [UInt8], at offset: Int) async throws {
    require(offset >= 0, "File.write(_:at:): an offset is 0 or more")
    let open = try openedForWriting("write")
    try await EventLoop.spendBudget()
    if bytes.isEmpty { return }
    if !open.isSeekable { return try await writeInOrder(bytes, open) }
    do {
      var done = 0
      do throws(Errno) {
        while done < bytes.count {
          let rest = done == 0 ? bytes : Array(bytes[done...])
          guard let count = try EventLoop.writeAtOnce(rest, to: open, at: offset + done) else { break }
          done += count
        }
      } catch {
        keep(error, of: "write")
        throw error
      }
      EventLoop.spendBudget(forBytes: done)
      if done == bytes.count { return }
      let start = done
      try await onCurrentLoop { loop in
        try await loop.writeWaiting(
          bytes, from: start, to: open, at: offset + start, WaitReason("write", on: self)
        ) { self.keep($0, of: "write") }
      }
    } catch {
      throw named(error, "write")
    }
  }

  /// Writes a text as UTF-8.
  ///
  /// - Throws: As `write(_:at:)`.
  public nonisolated(nonsending) func write(_ text: String, at offset: Int) async throws {
    try await write(Array(text.utf8), at: offset)
  }

  /// Writes bytes at the end of a file that was opened to append.
  ///
  /// ```swift
  /// try await withFile("log.txt", .append) { try await $0.append(Array("done\n".utf8)) }
  /// ```
  ///
  /// The kernel finds the end and writes there in one step: lines of several tasks and processes don't mix.
  ///
  /// - Throws: As `write(_:at:)`.
  public nonisolated(nonsending) func append(_ bytes: [UInt8]) async throws {
    require(mode.appends, "File.append: \(path) was not opened with .append")
    try await write(bytes, at: 0)
  }

  /// Writes a text as UTF-8 at the end of a file that was opened to append.
  ///
  /// - Throws: As `append(_:)`.
  public nonisolated(nonsending) func append(_ text: String) async throws { try await append(Array(text.utf8)) }

  /// To what has no places: writes what fits, and waits for room.
  private nonisolated(nonsending) func writeInOrder(_ bytes: [UInt8], _ open: OpenFile) async throws {
    var done = 0
    while done < bytes.count {
      let result = unsafe bytes.withUnsafeBytes {
        unsafe SystemCall.write(UnsafeRawBufferPointer(rebasing: $0[done...]), to: open.number)
      }
      if result >= 0 {
        done += result
      } else if result == -Int(EAGAIN) {
        try await waitWritable(open.number)
      } else if result != -Int(EINTR) {
        let error = Errno(Int32(-result))
        keep(error, of: "write")
        throw error.named("write", path.description)
      }
    }
  }

  // MARK: - The disk

  /// Waits until what was written is on the disk; `os.fsync`.
  ///
  /// ```swift
  /// try await withFile("ledger.bin", .update) { file in
  ///   try await file.write([42], at: 0)
  ///   try await file.sync()
  /// }
  /// ```
  ///
  /// A file that was just made is found after a crash only when its directory was synced, too: `Path.syncDirectory`.
  ///
  /// - Parameter dataOnly: Leaves out what is not needed to read the bytes back, such as times (fdatasync(2)).
  /// - Throws: `SystemError`; see fsync(2). An earlier write or sync that failed: once the kernel has told of an error
  ///   of the disk, a later success would prove nothing.
  public nonisolated(nonsending) func sync(dataOnly: Bool = false) async throws {
    let open = try opened("fsync")
    if let failure = state.withLock({ $0.failure }) { throw failure }
    do {
      try await onCurrentLoop { loop in
        try await loop.sync(open, dataOnly: dataOnly, WaitReason("fsync", on: self)) { self.keep($0, of: "fsync") }
      }
    } catch {
      throw named(error, "fsync")
    }
  }

  /// Cuts the file, or makes it longer with zeros; Python's `truncate`.
  ///
  /// ```swift
  /// try await withFile("log.txt", .update) { try await $0.truncate(to: 0) }
  /// ```
  ///
  /// - Throws: `SystemError`; see ftruncate(2).
  public nonisolated(nonsending) func truncate(to size: Int) async throws {
    require(size >= 0, "File.truncate(to:): a size is 0 or more")
    try await job("ftruncate") { open, files throws(Errno) in try files.truncate(open.number, to: size) }
  }

  /// Keeps room on the disk for a part of the file, which becomes as long as that; `os.posix_fallocate`. Writes there
  /// can't meet a full disk.
  ///
  /// ```swift
  /// try await withFile("table.bin", .update) { try await $0.allocate(count: 1 << 20) }
  /// ```
  ///
  /// - Throws: `SystemError`; see fallocate(2). EOPNOTSUPP if the file system can't.
  public nonisolated(nonsending) func allocate(from offset: Int = 0, count: Int) async throws {
    require(offset >= 0 && count > 0, "File.allocate wants one byte at least, from an offset of 0 or more")
    try await job("fallocate") { open, files throws(Errno) in
      try files.allocate(open.number, from: offset, count: count)
    }
  }

  // MARK: - Failures

  private func openedForWriting(_ call: String) throws -> OpenFile {
    let failure = state.withLock { $0.syncHasFailed ? $0.failure : nil }
    if let failure { throw failure }
    return try opened(call)
  }

  /// Keeps the first failure of a write or a sync. On any thread: it may come after its task has gone.
  func keep(_ error: Errno, of call: String) {
    // A call that the file was not opened for has lost nothing.
    if error.code == EBADF || error.code == EINVAL { return }
    let failure = error.named(call, path.description)
    state.withLock { state in
      if state.failure == nil { state.failure = failure }
      if call == "fsync" { state.syncHasFailed = true }
    }
  }
}
