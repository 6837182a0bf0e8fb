// SPDX-License-Identifier: Apache-2.0
// zlib keeps a pointer back to its z_stream, so the stream has a place of its own on the heap and never moves. With the
// defaults of zlib a compressor takes 268 KB; with 12 bits of window and memory level 5 it takes 32 KB (deflateInit2,
// zlib.h: (1 << (windowBits + 2)) + (1 << (memLevel + 9))).

import CZlib

/// Compresses a body in pieces.
///
/// ```swift
/// var compressor = Compressor(.gzip, level: 6)
/// var output: [UInt8] = []
/// compressor.append(Array("event: tick\n\n".utf8), into: &output)
/// compressor.flush(into: &output)   // the reader has everything up to here
/// compressor.finish(into: &output)
/// ```
@safe public struct Compressor: ~Copyable {
  // Safety: allocated in `init`, freed in `deinit`, and used only by this value in between.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isFinished = false

  /// A compressor of a coding.
  ///
  /// - Parameters:
  ///   - level: 1, the fastest, to 9, the smallest.
  ///   - windowBits: The window as a power of two, 9 to 15: memory against size.
  ///   - memoryLevel: 1 to 9, likewise.
  public init(_ coding: ContentCoding, level: Int = 6, windowBits: Int = 15, memoryLevel: Int = 8) {
    self.init(bits: coding.format == .gzip ? windowBits + 16 : windowBits, level, windowBits, memoryLevel)
  }

  /// A compressor of a raw stream (RFC 1951), as WebSocket's permessage-deflate has it.
  public init(rawWithWindowBits windowBits: Int, level: Int = 6, memoryLevel: Int = 8) {
    self.init(bits: -windowBits, level, windowBits, memoryLevel)
  }

  private init(bits: Int, _ level: Int, _ windowBits: Int, _ memoryLevel: Int) {
    precondition(1...9 ~= level, "Compressor: a level is 1 to 9")
    precondition(9...15 ~= windowBits, "Compressor: a window has 9 to 15 bits")
    precondition(1...9 ~= memoryLevel, "Compressor: a memory level is 1 to 9")
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let result = unsafe asyncio_deflate_init(stream, Int32(level), Int32(bits), Int32(memoryLevel))
    precondition(
      result == Z_OK, "Compressor: deflateInit2 failed: \(result == Z_MEM_ERROR ? "out of memory" : "\(result)")")
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Compresses a piece, and appends what comes of it by now, which may be nothing.
  public mutating func append(_ piece: [UInt8], into output: inout [UInt8]) {
    unsafe piece.withUnsafeBytes { unsafe append($0, into: &output) }
  }

  /// Compresses a piece of memory; see `append(_:into:)` with an array.
  public mutating func append(_ piece: UnsafeRawBufferPointer, into output: inout [UInt8]) {
    precondition(!isFinished, "Compressor: append after finish")
    unsafe run(piece, Z_NO_FLUSH, into: &output)
  }

  /// Appends everything that was compressed so far, to the border of a byte: the other end can read all of it.
  public mutating func flush(into output: inout [UInt8]) {
    precondition(!isFinished, "Compressor: flush after finish")
    unsafe run(UnsafeRawBufferPointer(start: nil, count: 0), Z_SYNC_FLUSH, into: &output)
  }

  /// Appends the rest and the end of the coding.
  public mutating func finish(into output: inout [UInt8]) {
    precondition(!isFinished, "Compressor: finish twice")
    isFinished = true
    unsafe run(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH, into: &output)
  }

  /// Begins anew, with nothing remembered.
  public mutating func reset() {
    unsafe deflateReset(stream)
    isFinished = false
  }

  private func run(_ input: UnsafeRawBufferPointer, _ flush: Int32, into output: inout [UInt8]) {
    // A piece beyond 32 bits goes in parts.
    var rest = unsafe input[...]
    repeat {
      let part = unsafe rest.prefix(1 << 30)
      unsafe rest = rest.dropFirst(part.count)
      let how = unsafe rest.isEmpty ? flush : Z_NO_FLUSH
      unsafe compress(UnsafeRawBufferPointer(rebasing: part), how, into: &output)
    } while unsafe !rest.isEmpty
  }

  private func compress(_ input: UnsafeRawBufferPointer, _ flush: Int32, into output: inout [UInt8]) {
    // Safety: zlib reads the input and never writes it; both pointers are used within this call only.
    unsafe stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    unsafe stream.pointee.avail_in = UInt32(input.count)
    var isFull = true
    while isFull {
      let room = max(256, min(32_768, input.count / 2 + 64))
      unsafe output.append(addingCapacity: room) { target in
        unsafe stream.pointee.next_out = target.baseAddress
        unsafe stream.pointee.avail_out = UInt32(target.count)
        let result = unsafe deflate(stream, flush)
        precondition(result != Z_STREAM_ERROR, "Compressor: the stream was overwritten")
        isFull = unsafe stream.pointee.avail_out == 0
        return unsafe target.count - Int(stream.pointee.avail_out)
      }
    }
    unsafe stream.pointee.next_in = nil
    unsafe stream.pointee.next_out = nil
  }
}

extension [UInt8] {
  /// Grows by up to `count` bytes, which the body writes; it returns how many.
  mutating func append(addingCapacity count: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
    let wanted = self.count + count
    // Growth is geometric, unlike that of reserveCapacity.
    if capacity < wanted { reserveCapacity(Swift.max(wanted, 2 * capacity)) }
    append(addingCapacity: count) { span in
      unsafe span.withUnsafeMutableBufferPointer { buffer, initialized in
        initialized += unsafe body(UnsafeMutableBufferPointer(rebasing: buffer[initialized..<initialized + count]))
      }
    }
  }
}
