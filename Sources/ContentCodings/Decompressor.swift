// SPDX-License-Identifier: Apache-2.0
// A few bytes can become a thousand times as many. So a call gives no more than its caller asks for. Two limits hold
// for the whole: the size, and the growth once a megabyte has come out. Small data may well be a thousand zeros.
//
// Two habits of senders are accepted. Gzip members may follow each other (RFC 1952 section 2.2). "deflate" may lack the
// zlib wrapper, whose first byte has 8 in its low four bits (RFC 1950).

import CZlib

/// Decompresses a body in pieces, with limits.
///
/// ```swift
/// let packed: [UInt8] = [
///   0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0xc8, 4, 0, 0xac, 0x2a, 0x93, 0xd8, 2, 0, 0, 0,
/// ]
/// var decompressor = Decompressor(.gzip, upTo: 1_000_000)
/// var output: [UInt8] = []
/// try decompressor.append(packed, into: &output)
/// try decompressor.finish()
/// assert(output == Array("hi".utf8))
/// ```
@safe public struct Decompressor: ~Copyable {
  private enum State {
    case starting
    case running
    /// A member has ended; another one, or nothing, follows.
    case between
    case ended
  }

  /// From so many bytes of output on, the growth is limited.
  static let ratioCountsFrom = 1 << 20

  // Safety: allocated in `init`, freed in `deinit`, and used only by this value in between.
  private let stream: UnsafeMutablePointer<z_stream>
  private let name: String
  private let isRaw: Bool
  private let allowsMembers: Bool
  private let maximumSize: Int
  private let maximumRatio: Int
  private var guessesWrapper: Bool
  private var state = State.starting
  private var taken = 0
  private var given = 0
  private var failure: ContentCodingError?

  /// A decompressor of a coding.
  ///
  /// - Parameters:
  ///   - maximumSize: The most bytes that may come out, in all.
  ///   - maximumRatio: How many times larger than the input the output may be, once it is larger than 1 MiB. deflate
  ///     reaches 1,032 at most.
  public init(_ coding: ContentCoding, upTo maximumSize: Int, maximumRatio: Int = 200) {
    self.init(
      coding.name, bits: coding.format == .gzip ? 15 + 16 : 15, isRaw: false, allowsMembers: coding.format == .gzip,
      guessesWrapper: coding.format == .zlib, maximumSize, maximumRatio)
  }

  /// A decompressor of a raw stream (RFC 1951), which need not have an end: WebSocket's permessage-deflate.
  public init(rawWithWindowBits windowBits: Int, upTo maximumSize: Int, maximumRatio: Int = 200) {
    precondition(8...15 ~= windowBits, "Decompressor: a window has 8 to 15 bits")
    self.init(
      "permessage-deflate", bits: -windowBits, isRaw: true, allowsMembers: false, guessesWrapper: false, maximumSize,
      maximumRatio)
  }

  private init(
    _ name: String, bits: Int, isRaw: Bool, allowsMembers: Bool, guessesWrapper: Bool, _ maximumSize: Int,
    _ maximumRatio: Int
  ) {
    precondition(maximumSize >= 0 && maximumRatio > 0, "Decompressor: limits are positive")
    self.name = name
    self.isRaw = isRaw
    self.allowsMembers = allowsMembers
    self.guessesWrapper = guessesWrapper
    self.maximumSize = maximumSize
    self.maximumRatio = maximumRatio
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let result = unsafe asyncio_inflate_init(stream, Int32(bits))
    precondition(result == Z_OK, "Decompressor: inflateInit2 failed: out of memory")
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Decompresses all of a piece, and appends what comes out.
  ///
  /// - Throws: `ContentCodingError`. What came out before is appended. Every later call throws that error again.
  public mutating func append(_ piece: [UInt8], into output: inout [UInt8]) throws(ContentCodingError) {
    var offset = 0
    while try !next(in: piece, at: &offset, into: &output, upTo: 1 << 20) {}
  }

  /// Decompresses until the piece is used up or `count` bytes have come out, whichever is first.
  ///
  /// - Parameter offset: Where in the piece to go on; moved past what was used.
  /// - Returns: Whether the piece is used up, and nothing more comes of it.
  /// - Throws: `ContentCodingError`; see `append(_:into:)`.
  public mutating func next(
    in piece: [UInt8], at offset: inout Int, into output: inout [UInt8], upTo count: Int
  ) throws(ContentCodingError) -> Bool {
    if let failure { throw failure }
    precondition(count > 0 && 0...piece.count ~= offset, "Decompressor: wrong offset or count")
    do throws(ContentCodingError) { return try run(piece, &offset, into: &output, upTo: count) } catch {
      failure = error
      throw error
    }
  }

  /// Says that no more data comes.
  ///
  /// - Throws: `ContentCodingError` (`endedEarly`) if the coding has not ended. A body without a byte is accepted:
  ///   servers name the coding of empty bodies, too.
  public mutating func finish() throws(ContentCodingError) {
    if let failure { throw failure }
    if isRaw || state == .ended || state == .between || taken == 0 { return }
    throw ContentCodingError(name, .endedEarly)
  }

  /// Begins anew, with nothing remembered; the limits count from here.
  public mutating func reset() {
    unsafe inflateReset(stream)
    state = .starting
    taken = 0
    given = 0
    failure = nil
  }

  /// Counts the limits from here, and keeps the window: a new message of a WebSocket.
  public mutating func beginMessage() {
    taken = 0
    given = 0
  }

  /// Decompresses a whole body.
  ///
  /// - Throws: `ContentCodingError`.
  public static func whole(
    _ bytes: [UInt8], _ coding: ContentCoding, upTo maximumSize: Int, maximumRatio: Int = 200
  ) throws(ContentCodingError) -> [UInt8] {
    var decompressor = Decompressor(coding, upTo: maximumSize, maximumRatio: maximumRatio)
    var output: [UInt8] = []
    try decompressor.append(bytes, into: &output)
    try decompressor.finish()
    return output
  }

  private mutating func run(
    _ piece: [UInt8], _ offset: inout Int, into output: inout [UInt8], upTo count: Int
  ) throws(ContentCodingError) -> Bool {
    var room = count
    while true {
      if state == .between {
        guard offset < piece.count else { return true }
        guard allowsMembers else { throw ContentCodingError(name, .trailingData) }
        unsafe inflateReset(stream)
        state = .running
      }
      if state == .ended {
        if offset < piece.count { throw ContentCodingError(name, .trailingData) }
        return true
      }
      if state == .starting, offset < piece.count {
        if guessesWrapper, piece[offset] & 0x0F != 8 {
          let result = unsafe inflateReset2(stream, -15)
          precondition(result == Z_OK, "Decompressor: the stream was overwritten")
        }
        guessesWrapper = false
        state = .running
      }
      let (used, made, result) = inflateOnce(piece, offset, into: &output, upTo: min(room, 65_536))
      offset += used
      taken += used
      given += made
      room -= made
      try checkLimits()
      switch result {
      case Z_STREAM_END: state = isRaw ? .ended : .between
      case Z_OK, Z_BUF_ERROR:
        // Nothing used and nothing made: zlib wants more input.
        if used == 0 && made == 0 { return offset >= piece.count }
      case Z_MEM_ERROR: preconditionFailure("Decompressor: out of memory")
      default: throw ContentCodingError(name, .malformed)
      }
      if room <= 0 { return false }
    }
  }

  private func checkLimits() throws(ContentCodingError) {
    if given > maximumSize { throw ContentCodingError(name, .tooLarge(limit: maximumSize)) }
    if given > Self.ratioCountsFrom, given / max(1, taken) > maximumRatio {
      throw ContentCodingError(name, .ratioTooHigh(limit: maximumRatio))
    }
  }

  private func inflateOnce(
    _ piece: [UInt8], _ offset: Int, into output: inout [UInt8], upTo count: Int
  ) -> (used: Int, made: Int, result: Int32) {
    unsafe piece.withUnsafeBufferPointer { input in
      let available = min(input.count - offset, 1 << 30)
      // Safety: zlib reads the input and never writes it; both pointers are used within this call only.
      unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { unsafe $0 + offset })
      unsafe stream.pointee.avail_in = UInt32(available)
      var made = 0
      var result = Z_OK
      unsafe output.append(addingCapacity: count) { target in
        unsafe stream.pointee.next_out = target.baseAddress
        unsafe stream.pointee.avail_out = UInt32(target.count)
        result = unsafe inflate(stream, Z_SYNC_FLUSH)
        made = unsafe target.count - Int(stream.pointee.avail_out)
        return made
      }
      let used = unsafe available - Int(stream.pointee.avail_in)
      unsafe stream.pointee.next_in = nil
      unsafe stream.pointee.next_out = nil
      return (used, made, result)
    }
  }
}
