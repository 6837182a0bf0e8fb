// SPDX-License-Identifier: Apache-2.0
// Whole files. Each call is one job of several system calls on one thread, and not one hop for each. A small file that
// the page cache has is read here, without any: four system calls, none of which can wait (FileSystem.openIfCached).

import AsyncIOCore
import Glibc

extension Path {
  /// Reads a whole file; pathlib's `read_bytes`.
  ///
  /// ```swift
  /// let image = try await Path("logo.png").readAll()
  /// ```
  ///
  /// **Cancellation** throws `CancellationError`, unless the bytes were there at once.
  ///
  /// - Parameter maximum: How many bytes to accept.
  /// - Throws: `SystemError`, such as `open logo.png: no such file or directory (ENOENT)`; `LimitOverrunError` if the
  ///   file is longer.
  public nonisolated(nonsending) func readAll(upTo maximum: Int = 1 << 30) async throws -> [UInt8] {
    try await EventLoop.spendBudget()
    var opened: OpenFile?
    if let files = EventLoop.onThisThread?.backend.fileSystem, !files.isImmediate {
      switch try readCached(files, upTo: maximum) {
      case .all(let bytes): return bytes
      case .opened(let file): opened = file
      case .nothing: break
      }
    }
    let begun = opened
    switch try await call("read", { files in try files.readAll(self, begun, upTo: maximum) }) {
    case .all(let bytes): return bytes
    case .inOrder(let open):
      let file = File(open, path: self, mode: .read)
      var bytes: [UInt8] = []
      while case let more = try await file.read(upTo: 65_536, at: 0), !more.isEmpty {
        bytes += more
        if bytes.count > maximum { throw tooLong(maximum, bytes.count) }
      }
      return bytes
    }
  }

  /// Reads a whole file as UTF-8; pathlib's `read_text`. Bytes that are not UTF-8 become U+FFFD.
  ///
  /// ```swift
  /// let settings = try await Path("settings.json").readText()
  /// ```
  ///
  /// - Throws: As `readAll`.
  public nonisolated(nonsending) func readText(upTo maximum: Int = 1 << 30) async throws -> String {
    String(decoding: try await readAll(upTo: maximum), as: UTF8.self)
  }

  /// Makes or empties a file, and writes all of it; pathlib's `write_bytes`.
  ///
  /// ```swift
  /// try await Path("out.bin").write([1, 2, 3])
  /// ```
  ///
  /// Others may see the file empty or half written, and after a crash it may stay so: see `writeAtomically`.
  ///
  /// **Cancellation** throws `CancellationError`. If the call had begun, it runs to its end all the same.
  ///
  /// - Throws: `SystemError`, such as `write out.bin: no space left on device (ENOSPC)`.
  public nonisolated(nonsending) func write(
    _ bytes: [UInt8], permissions: FilePermissions = 0o666
  ) async throws {
    try await put(bytes, O_TRUNC, permissions)
  }

  /// The same with a text, as UTF-8; pathlib's `write_text`.
  ///
  /// - Throws: As `write(_:permissions:)`.
  public nonisolated(nonsending) func write(
    _ text: String, permissions: FilePermissions = 0o666
  ) async throws {
    try await put(Array(text.utf8), O_TRUNC, permissions)
  }

  /// Makes a file if it is missing, and writes at its end, in one piece if it is not too large.
  ///
  /// ```swift
  /// try await Path("log.txt").append("started\n")
  /// ```
  ///
  /// - Throws: As `write(_:permissions:)`.
  public nonisolated(nonsending) func append(_ text: String) async throws {
    try await put(Array(text.utf8), O_APPEND, 0o666)
  }

  /// The same with bytes.
  ///
  /// - Throws: As `write(_:permissions:)`.
  public nonisolated(nonsending) func append(_ bytes: [UInt8]) async throws { try await put(bytes, O_APPEND, 0o666) }

  private nonisolated(nonsending) func put(
    _ bytes: [UInt8], _ flag: Int32, _ permissions: FilePermissions
  ) async throws {
    try await call("write") { files in
      let number = try naming("open") { () throws(Errno) in
        try files.open(
          self, at: files.workingDirectory, flags: O_WRONLY | O_CREAT | flag, mode: permissions.rawValue)
      }
      try files.write(bytes, to: number, of: self)
      try naming("close") { () throws(Errno) in try files.close(number) }
    }
  }

  // MARK: - At once

  private enum Cached {
    case nothing
    case opened(OpenFile)
    case all([UInt8])
  }

  /// Reads a small file if no call on the way can wait; otherwise as far as that goes.
  private func readCached(_ files: any FileSystem, upTo maximum: Int) throws -> Cached {
    let number = try naming("open") { () throws(Errno) in try files.openIfCached(self) }
    guard let number else { return .nothing }
    do throws(Errno) {
      let status = try files.status(of: number)
      let open = OpenFile(number, of: files, kind: status.kind, isLocal: true)
      // A FIFO's reader that comes and goes would end its writers: it stays open.
      guard status.isFile, status.size > 0, status.size <= min(maximum, FileRoute.largestAtOnce - 1),
        // One more than there should be: a file that grows at this moment is read elsewhere.
        let bytes = try EventLoop.readAtOnce(open, at: 0, upTo: status.size + 1), bytes.count == status.size
      else { return .opened(open) }
      EventLoop.spendBudget(forBytes: bytes.count)
      return .all(bytes)
    } catch {
      throw error.named("read", description)
    }
  }

  fileprivate func tooLong(_ maximum: Int, _ count: Int) -> LimitOverrunError {
    LimitOverrunError(limit: maximum, consumed: count, place: "readAll \(self)")
  }
}

/// What a job finds.
private enum Whole: Sendable {
  case all([UInt8])
  /// It has no places, and may make its reader wait.
  case inOrder(OpenFile)
}

extension FileSystem {
  fileprivate func readAll(_ path: Path, _ begun: OpenFile?, upTo maximum: Int) throws -> Whole {
    let open: OpenFile
    if let begun {
      open = begun
    } else {
      open = try path.naming("open") { () throws(Errno) in try OpenFile(path, of: self, flags: O_RDONLY) }
    }
    guard open.isSeekable || open.kind == .unknown else { return .inOrder(open) }
    let bytes = try path.naming("read") { () throws(Errno) in
      // /proc has files that say they are empty.
      var bytes: [UInt8] = []
      var room = max(4096, min(try status(of: open.number).size + 1, maximum + 1, 1 << 24))
      while bytes.count <= maximum {
        let more = try EventLoop.readNow(open, at: bytes.count, upTo: room)
        if more.isEmpty { break }
        if bytes.isEmpty { bytes = more } else { bytes += more }
        // A short answer of a regular file is its end, but not one of /proc.
        room = max(4096, min(room - more.count, 1 << 24))
      }
      return bytes
    }
    if bytes.count > maximum { throw path.tooLong(maximum, bytes.count) }
    return .all(bytes)
  }

  /// Writes all bytes. Closes the descriptor if that fails.
  func write(_ bytes: [UInt8], to number: Int32, of path: Path) throws(SystemError) {
    var done = 0
    do throws(Errno) {
      while done < bytes.count {
        let outcome = unsafe bytes.withUnsafeBytes { bytes in
          Result { () throws(Errno) in
            unsafe try write(number, at: nil, from: UnsafeRawBufferPointer(rebasing: bytes[done...]))
          }
        }
        guard let count = try outcome.get() else { throw Errno(EAGAIN) }
        done += count
      }
    } catch {
      try? close(number)
      throw error.named("write", path.description)
    }
  }
}
