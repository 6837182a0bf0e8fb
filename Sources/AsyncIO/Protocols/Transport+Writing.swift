// SPDX-License-Identifier: Apache-2.0
// From the protocol to the stream, which sends at once what fits and keeps the rest. The limits are the protocol's own:
// it is told when more than the high limit is kept, and when the low limit is reached again.

import AsyncIOCore

extension Transport {
  // MARK: - Writing

  /// Writes bytes without ever waiting: bytes that don't leave at once are kept and sent later; asyncio's `write`.
  ///
  /// A connection that is closing or lost drops them, as in asyncio. A write after `writeEOF` is a mistake in the
  /// program, and reported to the loop's exception handler.
  public func write(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe write(UnsafeRawBufferPointer($0)) }
  }

  /// Writes bytes that a stream has lent, as `write(_:)` of a span does.
  public func write(_ bytes: RawSpan) { unsafe bytes.withUnsafeBytes { unsafe write($0) } }

  /// Writes an array, as `write(_:)` of a span does.
  public func write(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe write($0) } }

  /// Writes a text in UTF-8, as `write(_:)` of a span does.
  public func write(_ text: String) {
    var text = text
    text.withUTF8 { unsafe write(UnsafeRawBufferPointer($0)) }
  }

  /// Writes several pieces; asyncio's `writelines`.
  public func writeLines(_ pieces: some Sequence<[UInt8]>) {
    var all: [UInt8] = []
    for piece in pieces { all += piece }
    write(all)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0, !isClosing else { return }
    do { _ = try unsafe stream.write(bytes) } catch StreamError.writeAfterEnd {
      let context = ExceptionContext(
        message: "Transport.write: after writeEOF; \(bytes.count) bytes were dropped", error: StreamError.writeAfterEnd)
      return stream.loop.callExceptionHandler(context)
    } catch {
      // A lost connection has told `outputChanged`; a filter that can't go on has not.
      if lossReason == nil { fail(error) }
      return
    }
    pauseIfFull()
  }

  /// Sends the end of the stream after the output so far, and keeps receiving (half-close); asyncio's `write_eof`.
  public func writeEOF() {
    guard !isClosing, !stream.state.output.hasEnd else { return }
    do { try stream.writeEnd() } catch { fail(error) }
  }

  // MARK: - Limits

  /// The bytes that were written and have not left; asyncio's `get_write_buffer_size`.
  public var writeBufferSize: Int { stream.pendingOutput }

  /// The limits in bytes for `pauseWriting` and `resumeWriting`; asyncio's `get_write_buffer_limits`.
  public var writeBufferLimits: (low: Int, high: Int) { (lowWater, highWater) }

  /// Sets when the protocol is told to pause, at more than `high` bytes of output, and when to resume, at `low` bytes;
  /// asyncio's `set_write_buffer_limits`.
  ///
  /// ```swift
  /// transport.setWriteBufferLimits(high: 0)  // told about every byte that doesn't leave at once
  /// ```
  ///
  /// - Parameters:
  ///   - high: 64 KiB if it isn't given, or four times `low`.
  ///   - low: A quarter of `high` if it isn't given; at most `high`.
  public func setWriteBufferLimits(high: Int? = nil, low: Int? = nil) {
    let high = high ?? low.map { Int(clamping: Int128($0) * 4) } ?? 64 * 1024
    let low = low ?? high / 4
    require(0 <= low && low <= high, "Transport.setWriteBufferLimits: low is \(low) and high \(high)")
    highWater = high
    lowWater = low
    pauseIfFull()
  }

  private func pauseIfFull() {
    guard !writingIsPaused, stream.pendingOutput > highWater else { return }
    writingIsPaused = true
    receiver.base.pauseWriting()
  }

  // MARK: - From the stream

  package func outputChanged() {
    if let error = stream.outputError {
      // An abort has already given its reason.
      if stream.state.phase != .closed, lossReason == nil, !(error is StreamError) { failAfterInput(error) }
      return
    }
    if writingIsPaused, stream.pendingOutput <= lowWater {
      writingIsPaused = false
      call { receiver.base.resumeWriting() }
    }
  }
}

// Protocols receive lent bytes; these functions copy them.

extension Array where Element == UInt8 {
  /// Copies lent bytes.
  ///
  /// ```swift
  /// func keep(_ data: Span<UInt8>) -> [UInt8] { [UInt8](copying: data) }
  /// ```
  public init(copying span: Span<UInt8>) {
    self = unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
  }
}

extension String {
  /// Decodes lent bytes as text. Invalid bytes are replaced, as in `String(decoding:as:)` of an array.
  ///
  /// ```swift
  /// func show(_ data: Span<UInt8>) { print(String(decoding: data, as: UTF8.self)) }
  /// ```
  public init(decoding span: Span<UInt8>, as encoding: UTF8.Type) {
    self = unsafe span.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
