// SPDX-License-Identifier: Apache-2.0
// Carries out what FileRoute decides. Call everything here on the loop's thread.
//
// Cancellation is the same on every route. A task that is cancelled before a job begins never starts it. A value that
// has arrived is given. In between the wait ends with CancellationError; a call that the kernel has begun runs to its
// end, with the descriptor and the memory that it needs, and its result is dropped.

import CSwiftRuntime
import Glibc
import Synchronization

extension EventLoop {
  /// Runs calls on files that belong together, as one job: on a thread of the pool, or here if none of them can wait.
  package nonisolated(nonsending) func runFileJob<Value: Sendable>(
    _ reason: WaitReason, on fileSystem: (any FileSystem)? = nil,
    _ body: @escaping @Sendable (any FileSystem) throws -> Value
  ) async throws -> Value {
    try throwIfCancelled()
    let files = fileSystem ?? backend.fileSystem
    if files.isImmediate { return try body(files) }
    return try await runBlocking(reason) { Result { try body(files) } }.get()
  }

  /// Nothing begins that the caller doesn't want any more.
  func throwIfCancelled() throws {
    if let task = unsafe asyncio_current_task(), unsafe asyncio_task_is_cancelled(task) { throw cancellation }
  }

  // MARK: - Reading

  /// Reads what is in memory without waiting; nil if it has to be waited for. For files with places.
  package static func readAtOnce(_ file: OpenFile, at offset: Int, upTo count: Int) throws(Errno) -> [UInt8]? {
    let isAtOnce = FileRoute.read(count, isSeekable: file.isSeekable) == .atOnce
    guard isAtOnce || file.isSeekable && file.fileSystem.isImmediate else { return nil }
    var outcome: Result<Int?, Errno> = .success(nil)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { room, initialized in
      outcome = Result { () throws(Errno) in
        try unsafe file.fileSystem.read(
          file.number, at: offset, into: UnsafeMutableRawBufferPointer(room), waiting: file.fileSystem.isImmediate)
      }
      if case .success(let result?) = outcome { initialized = result }
    }
    guard let result = try outcome.get() else { return nil }
    // A short answer must not keep the memory of a long one.
    return result < count / 2 ? Array(bytes[...]) : bytes
  }

  /// Reads what has to be waited for.
  ///
  /// - Throws: `Errno`, or what a cancelled wait throws.
  package nonisolated(nonsending) func readUncached(
    _ file: OpenFile, at offset: Int, upTo count: Int, _ reason: WaitReason
  ) async throws -> [UInt8] {
    guard FileRoute.uncachedRead(isSeekable: file.isSeekable, ringReads: backend.offers(.readFile)) == .ring else {
      return try await runFileJob(reason, on: file.fileSystem) { files in
        try Self.readNow(file, at: offset, upTo: count)
      }
    }
    let operation = FileOperation(file, on: self)
    let room = FileOperation.Room(count)
    let result = try await operation.run(reason) { startReading(file, at: offset, into: room, for: operation) }
    return room.bytes(result)
  }

  /// Reads, and waits for it on the calling thread; for jobs.
  package static func readNow(_ file: OpenFile, at offset: Int?, upTo count: Int) throws(Errno) -> [UInt8] {
    var outcome: Result<Int?, Errno> = .success(nil)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { room, initialized in
      outcome = Result { () throws(Errno) in
        try unsafe file.fileSystem.read(file.number, at: offset, into: UnsafeMutableRawBufferPointer(room))
      }
      if case .success(let result?) = outcome { initialized = result }
    }
    guard try outcome.get() != nil else { throw Errno(EAGAIN) }
    return bytes
  }

  // MARK: - Writing

  /// Writes what the page cache takes without waiting: how many bytes; nil if it has to be waited for.
  package static func writeAtOnce(_ bytes: [UInt8], to file: OpenFile, at offset: Int) throws(Errno) -> Int? {
    let isImmediate = file.fileSystem.isImmediate
    let route = FileRoute.write(
      bytes.count, isSeekable: file.isSeekable, triesAtOnce: file.triesWrites.load(ordering: .relaxed),
      ringWrites: false)
    guard file.isSeekable, route == .atOnce || isImmediate else { return nil }
    let outcome = unsafe bytes.withUnsafeBytes { bytes in
      Result { () throws(Errno) in
        try unsafe file.fileSystem.write(file.number, at: offset, from: bytes, waiting: isImmediate)
      }
    }
    let result = try outcome.get()
    if result == nil { file.triesWrites.store(false, ordering: .relaxed) }
    return result
  }

  /// Writes the bytes from an index on, and waits until the file has all of them.
  ///
  /// - Parameter noted: Called with an error on the thread where it is met, also when the task has gone.
  /// - Throws: `Errno`, or what a cancelled wait throws.
  package nonisolated(nonsending) func writeWaiting(
    _ bytes: [UInt8], from start: Int, to file: OpenFile, at offset: Int, _ reason: WaitReason,
    noted: @escaping @Sendable (Errno) -> Void
  ) async throws {
    let route = FileRoute.waitingWrite(
      bytes.count - start, isSeekable: file.isSeekable, ringWrites: backend.offers(.writeFile))
    guard route == .ring else {
      return try await runFileJob(reason, on: file.fileSystem) { files in
        do throws(Errno) {
          try Self.writeNow(bytes, from: start, to: file, at: offset)
        } catch {
          noted(error)
          throw error
        }
      }
    }
    let source = FileOperation.Source(bytes)
    var done = start
    while done < bytes.count {
      let operation = FileOperation(file, on: self, noted: noted)
      let count = try await operation.run(reason) {
        startWriting(source, from: done, to: file, at: offset + done - start, for: operation)
      }
      done += count
    }
  }

  /// Writes all bytes from an index on, and waits for it on the calling thread; for jobs.
  package static func writeNow(
    _ bytes: [UInt8], from start: Int = 0, to file: OpenFile, at offset: Int?
  ) throws(Errno) {
    var done = start
    while done < bytes.count {
      let outcome = unsafe bytes.withUnsafeBytes { bytes in
        Result { () throws(Errno) in
          try unsafe file.fileSystem.write(
            file.number, at: offset.map { $0 + done - start },
            from: UnsafeRawBufferPointer(rebasing: bytes[done...]))
        }
      }
      guard let count = try outcome.get() else { throw Errno(EAGAIN) }
      done += count
    }
  }

  // MARK: - The disk

  /// Waits until content and length are on the disk.
  ///
  /// - Throws: `Errno`, or what a cancelled wait throws.
  package nonisolated(nonsending) func sync(
    _ file: OpenFile, dataOnly: Bool, _ reason: WaitReason, noted: @escaping @Sendable (Errno) -> Void
  ) async throws {
    guard backend.offers(.syncFile) && !file.fileSystem.isImmediate else {
      return try await runFileJob(reason, on: file.fileSystem) { files in
        do throws(Errno) {
          try files.sync(file.number, dataOnly: dataOnly)
        } catch {
          noted(error)
          throw error
        }
      }
    }
    let operation = FileOperation(file, on: self, noted: noted)
    _ = try await operation.run(reason) { startSyncing(file, dataOnly: dataOnly, for: operation) }
  }

  /// Spends the budget for bytes that were copied at once: some ten microseconds count as one operation.
  package static func spendBudget(forBytes count: Int) {
    _ = withLoopOfThisThread { loop in
      loop.budget &-= count / (32 * 1024)
      return true
    }
  }
}
