// SPDX-License-Identifier: Apache-2.0
// The body half of both parsers: finds the pieces of a body in the input, without copying or keeping them. Only a
// chunk's size line that arrives in parts is gathered in `line`, whose memory is kept for the next one.

struct BodyReader {
  enum Piece {
    /// Bytes of the body, as a range of the input.
    case bytes(Range<Int>)
    case trailers(HTTPFields)
    case end
  }

  private enum State {
    case ended
    case counted(Int)
    case untilClose
    case chunkLine
    case chunkData(Int)
    case chunkCR
    case chunkLF
    case trailers
  }

  private let message: HTTP1Error.Message
  private let limits: HTTP1Limits
  private var state = State.ended
  private var line: [UInt8] = []
  private var trailers: FieldSection
  private var extensionsSize = 0
  /// How many more bytes the body may have; `Int.max` without a limit.
  private var room = 0

  init(message: HTTP1Error.Message, limits: HTTP1Limits) {
    self.message = message
    self.limits = limits
    trailers = FieldSection(
      message: message,
      bounds: FieldSection.Bounds(
        lineLength: limits.maximumLineLength, size: limits.maximumTrailersSize, count: limits.maximumTrailerCount,
        tooLarge: .trailersTooLarge, tooMany: .tooManyTrailers))
  }

  mutating func start(_ framing: HTTP1BodyFraming) {
    extensionsSize = 0
    room = limits.maximumBodySize ?? .max
    switch framing {
    case .none: state = .ended
    case .contentLength(let length): state = length == 0 ? .ended : .counted(length)
    case .chunked: state = .chunkLine
    case .untilClose: state = .untilClose
    }
  }

  /// Returns the next piece, or nil if all input is taken and the body goes on.
  mutating func next(in input: ByteView, at offset: inout Int) throws(HTTP1Error) -> Piece? {
    while true {
      switch state {
      case .ended:
        return .end
      case .counted(let remaining):
        guard let range = takeBytes(atMost: remaining, in: input, at: &offset) else { return nil }
        state = range.count == remaining ? .ended : .counted(remaining - range.count)
        return .bytes(range)
      case .untilClose:
        guard offset < input.count else { return nil }
        guard room > 0 else { throw HTTP1Error(message, .bodyTooLarge) }
        guard let range = takeBytes(atMost: room, in: input, at: &offset) else { return nil }
        if room != .max { room -= range.count }
        return .bytes(range)
      case .chunkLine:
        guard let size = try nextChunkSize(in: input, at: &offset) else { return nil }
        guard size <= room else { throw HTTP1Error(message, .bodyTooLarge) }
        if room != .max { room -= size }
        state = size == 0 ? .trailers : .chunkData(size)
      case .chunkData(let remaining):
        guard let range = takeBytes(atMost: remaining, in: input, at: &offset) else { return nil }
        state = range.count == remaining ? .chunkCR : .chunkData(remaining - range.count)
        return .bytes(range)
      case .chunkCR:
        guard try take(ASCII.cr, in: input, at: &offset) else { return nil }
        state = .chunkLF
      case .chunkLF:
        guard try take(ASCII.lf, in: input, at: &offset) else { return nil }
        state = .chunkLine
      case .trailers:
        guard try trailers.readFields(in: input, at: &offset) else { return nil }
        state = .ended
        let fields = trailers.take()
        if !fields.isEmpty { return .trailers(fields) }
      }
    }
  }

  /// Notes the end of the input. Throws unless the body ends there.
  mutating func finish() throws(HTTP1Error) {
    switch state {
    case .ended, .untilClose: state = .ended
    case .trailers: throw HTTP1Error(message, .endedInsideTrailers)
    default: throw HTTP1Error(message, .endedInsideBody)
    }
  }

  @inline(__always)
  private func takeBytes(atMost count: Int, in input: ByteView, at offset: inout Int) -> Range<Int>? {
    let available = input.count - offset
    guard available > 0 else { return nil }
    let start = offset
    offset += available < count ? available : count
    return start..<offset
  }

  @inline(__always)
  private func take(_ byte: UInt8, in input: ByteView, at offset: inout Int) throws(HTTP1Error) -> Bool {
    guard offset < input.count else { return false }
    guard input[offset] == byte else { throw HTTP1Error(message, .missingChunkEnd, CollectionOfOne(input[offset])) }
    offset += 1
    return true
  }

  /// Returns the size of the next chunk once its whole line has arrived.
  private mutating func nextChunkSize(in input: ByteView, at offset: inout Int) throws(HTTP1Error) -> Int? {
    let allowed = limits.maximumChunkLineLength - line.count
    let available = input.count - offset
    let window = allowed < available ? allowed : available
    guard let lf = input.firstOffset(of: ASCII.lf, in: offset..<offset + window) else {
      if window < available {
        throw HTTP1Error(message, .chunkLineTooLong, line + input[offset..<offset + window])
      }
      line.append(contentsOf: input.part(offset..<offset + window))
      offset += window
      return nil
    }
    let found = offset..<lf + 1
    offset = lf + 1
    if line.isEmpty { return try parseChunkLine(input.part(found)) }
    line.append(contentsOf: input.part(found))
    // Moved out and back, so that the line can be read while `self` changes, and keeps its memory.
    var gathered = line
    line = []
    let size = try gathered.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in try parseChunkLine(bytes) }
    gathered.removeAll(keepingCapacity: true)
    line = gathered
    return size
  }

  private mutating func parseChunkLine(_ bytes: ByteView) throws(HTTP1Error) -> Int {
    guard bytes.count >= 2, bytes[bytes.count - 2] == ASCII.cr else { throw HTTP1Error(message, .bareLF, bytes) }
    let (size, extensionLength) = try ChunkLine.parse(bytes.part(0..<bytes.count - 2), of: message)
    extensionsSize += extensionLength
    guard extensionsSize <= limits.maximumChunkExtensionsSize else {
      throw HTTP1Error(message, .chunkExtensionsTooLarge)
    }
    return size
  }
}
