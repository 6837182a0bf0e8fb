// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One operation on a file, and the owner of what the kernel may touch until it completes: the descriptor and the
/// memory. Only the loop's thread touches it.
final class FileOperation: OperationSink {
  /// Memory for what is read.
  @safe final class Room {
    // Safe: owns its memory, which the kernel fills before `bytes` reads it.
    let memory: UnsafeMutableRawBufferPointer

    init(_ count: Int) { unsafe memory = .allocate(byteCount: count, alignment: 4096) }

    deinit { unsafe memory.deallocate() }

    func bytes(_ count: Int) -> [UInt8] { unsafe Array(memory.prefix(count)) }
  }

  /// An array that is written from where it lies.
  final class Source {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }

  private let loop: EventLoop
  private let file: OpenFile
  private let noted: (@Sendable (Errno) -> Void)?
  private var wait: WaitID?
  private var result: Int32?

  /// - Parameter noted: Called with an error, also when the task that waited has gone.
  init(_ file: OpenFile, on loop: EventLoop, noted: (@Sendable (Errno) -> Void)? = nil) {
    self.file = file
    self.loop = loop
    self.noted = noted
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    result = completion.result
    if completion.result < 0, completion.result != -ECANCELED { noted?(Errno(-completion.result)) }
    if let wait { loop.resume(wait) }
  }

  /// Submits the operation and waits for its completion. A result that has arrived beats a cancellation.
  nonisolated(nonsending) func run(_ reason: WaitReason, _ submit: () -> OperationID) async throws -> Int {
    try loop.throwIfCancelled()
    let id = submit()
    let wait = loop.beginWait(reason)
    self.wait = wait
    let outcome = await loop.wait(wait)
    if let result { return try Errno.check(Int(result)) }
    loop.cancel(id)
    try outcome.check()
    throw Errno(ECANCELED)
  }
}

extension EventLoop {
  func startReading(
    _ file: OpenFile, at offset: Int, into room: FileOperation.Room, for sink: FileOperation
  ) -> OperationID {
    let record = unsafe operations.allocate(.readFile, descriptor: file.number, sink: sink)
    unsafe record.pointee.pointer = UnsafeRawPointer(room.memory.baseAddress)
    unsafe record.pointee.count = room.memory.count
    unsafe record.pointee.offset = UInt64(offset)
    unsafe record.pointee.owner = room
    return unsafe submit(record)
  }

  func startWriting(
    _ source: FileOperation.Source, from start: Int, to file: OpenFile, at offset: Int, for sink: FileOperation
  ) -> OperationID {
    let record = unsafe operations.allocate(.writeFile, descriptor: file.number, sink: sink)
    // Safety: the record keeps the array, which nobody changes, so its bytes stay where they are.
    unsafe source.bytes.withUnsafeBytes { bytes in
      unsafe record.pointee.pointer = bytes.baseAddress.map { unsafe $0 + start }
      unsafe record.pointee.count = bytes.count - start
    }
    unsafe record.pointee.offset = UInt64(offset)
    unsafe record.pointee.owner = source
    return unsafe submit(record)
  }

  func startSyncing(_ file: OpenFile, dataOnly: Bool, for sink: FileOperation) -> OperationID {
    let record = unsafe operations.allocate(.syncFile, descriptor: file.number, sink: sink)
    unsafe record.pointee.events = dataOnly ? 1 : 0
    return unsafe submit(record)
  }
}
