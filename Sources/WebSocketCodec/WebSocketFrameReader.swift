// SPDX-License-Identifier: Apache-2.0
// Data is unmasked where it lies and handed out as ranges; only control frames are gathered, 125 bytes at most. So a
// message of any size passes in flat memory. The events, and any error, do not depend on how the bytes were split,
// except where one piece of data ends and the next begins.

/// Reads the frames of a WebSocket from bytes as they arrive, in any portions (RFC 6455).
///
/// ```swift
/// var reader = WebSocketFrameReader(role: .client)
/// var received: [UInt8] = [0x81, 0x02, 0x68, 0x69]
/// var offset = 0
/// while let event = try reader.next(in: &received, at: &offset) {
///   if case .data(let range) = event { print(String(decoding: received[range], as: UTF8.self)) }
/// }
/// ```
public struct WebSocketFrameReader: Sendable {
  /// A part of what came; a message is `.begin`, any number of `.data`, then `.end`.
  public enum Event: Hashable, Sendable {
    /// A message begins. Compressed data (RFC 7692) comes as it is; its text is then not checked.
    case begin(WebSocketMessageKind, isCompressed: Bool)
    /// Data of the message: a range of the input, unmasked, never empty.
    case data(Range<Int>)
    /// The message is complete.
    case end
    /// Answer with a pong that has the same data.
    case ping([UInt8])
    /// An answer to a ping, or unasked.
    case pong([UInt8])
    /// The peer sends nothing after this.
    case close(WebSocketClose)
  }

  private enum Phase {
    case header
    case data(Int)
    case control(WebSocketOpcode, Int)
    case ended
    case failed(WebSocketError)
  }

  private let role: WebSocketRole
  private let limits: WebSocketLimits
  private let allowsCompression: Bool
  private var phase = Phase.header
  private var header = FrameHeader()
  private var mask: WebSocketMask?
  private var gathered: [UInt8] = []
  private var kind: WebSocketMessageKind?
  private var isCompressed = false
  private var isFinal = false
  private var messageSize = 0
  private var emptyFrames = 0
  private var text = UTF8Checker()
  /// An event that comes before those of further bytes: `.end` behind the last data.
  private var owesEnd = false

  /// A reader for one end of a connection.
  ///
  /// - Parameter allowsCompression: Whether permessage-deflate was negotiated, so that the first frame of a message may
  ///   have the bit RSV1.
  public init(role: WebSocketRole, limits: WebSocketLimits = WebSocketLimits(), allowsCompression: Bool = false) {
    self.role = role
    self.limits = limits
    self.allowsCompression = allowsCompression
  }

  /// Whether a close frame has come; what follows it is ignored.
  public var hasEnded: Bool { if case .ended = phase { true } else { false } }

  /// Returns the next event from `input`, beginning at `offset`, and moves `offset` past the bytes taken. Unmasks data
  /// in place. Returns nil when all input was taken and more is needed, or after a close frame.
  ///
  /// - Throws: `WebSocketError` if the peer breaks the protocol or exceeds a limit. Every later call throws it again.
  public mutating func next(
    in input: UnsafeMutableRawBufferPointer, at offset: inout Int
  ) throws(WebSocketError) -> Event? {
    precondition(offset >= 0 && offset <= input.count, "next: offset outside the input")
    if case .failed(let error) = phase { throw error }
    do throws(WebSocketError) { return try advance(input, &offset) } catch {
      phase = .failed(error)
      throw error
    }
  }

  /// Returns the next event from an array; see `next(in:at:)` with a buffer.
  public mutating func next(in input: inout [UInt8], at offset: inout Int) throws(WebSocketError) -> Event? {
    var elements = input.mutableSpan
    var bytes = elements.mutableBytes
    return try bytes.withUnsafeMutableBytes { (bytes) throws(WebSocketError) in try next(in: bytes, at: &offset) }
  }

  /// Tells the reader that the connection has ended.
  ///
  /// - Throws: `WebSocketError` (`endedInsideMessage`) if it was within a frame or a message.
  public mutating func finish() throws(WebSocketError) {
    switch phase {
    case .failed(let error): throw error
    case .ended: return
    case .header where header.count == 0 && kind == nil: return
    default:
      let error = WebSocketError(.endedInsideMessage)
      phase = .failed(error)
      throw error
    }
  }

  private mutating func advance(
    _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int
  ) throws(WebSocketError) -> Event? {
    while true {
      if owesEnd {
        owesEnd = false
        kind = nil
        return .end
      }
      switch phase {
      case .ended, .failed:
        return nil
      case .header:
        guard header.take(from: UnsafeRawBufferPointer(input), at: &offset) else { return nil }
        if let event = try beginFrame() { return event }
      case .data(let remaining):
        if remaining == 0 {
          phase = .header
          try endFrame()
          continue
        }
        guard offset < input.count else { return nil }
        let range = offset..<offset + min(remaining, input.count - offset)
        offset = range.upperBound
        mask?.apply(to: UnsafeMutableRawBufferPointer(rebasing: input[range]))
        if kind == .text, !isCompressed { try check(UnsafeRawBufferPointer(rebasing: input[range])) }
        phase = .data(remaining - range.count)
        return .data(range)
      case .control(let opcode, let remaining):
        if remaining > 0 {
          guard offset < input.count else { return nil }
          let range = offset..<offset + min(remaining, input.count - offset)
          offset = range.upperBound
          mask?.apply(to: UnsafeMutableRawBufferPointer(rebasing: input[range]))
          gathered.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[range]))
          phase = .control(opcode, remaining - range.count)
          if remaining > range.count { return nil }
        }
        phase = .header
        return try control(opcode)
      }
    }
  }

  /// Looks at a complete header. Returns the event of a message's begin.
  private mutating func beginFrame() throws(WebSocketError) -> Event? {
    let header = self.header
    self.header = FrameHeader()
    guard let opcode = header.opcode else { throw WebSocketError(.unknownOpcode) }
    let mayCompress = allowsCompression && (opcode == .text || opcode == .binary)
    guard header.reserved == 0 || header.reserved == 0x4 && mayCompress else { throw WebSocketError(.reservedBits) }
    switch role {
    case .server: if !header.isMasked { throw WebSocketError(.notMasked) }
    case .client: if header.isMasked { throw WebSocketError(.masked) }
    }
    if opcode.isControl {
      guard header.isFinal else { throw WebSocketError(.fragmentedControl) }
      guard header.shortLength <= 125 else { throw WebSocketError(.controlTooLong) }
      try countEmptyFrame()
      mask = header.mask
      gathered.removeAll(keepingCapacity: true)
      phase = .control(opcode, Int(header.shortLength))
      return nil
    }
    let length = try header.length()
    if opcode == .continuation {
      guard kind != nil else { throw WebSocketError(.unexpectedContinuation) }
    } else {
      guard kind == nil else { throw WebSocketError(.unfinishedMessage) }
      messageSize = 0
      text = UTF8Checker()
    }
    if let maximum = limits.maximumMessageSize, length > maximum - messageSize { throw WebSocketError(.messageTooBig) }
    messageSize = length > .max - messageSize ? .max : messageSize + length
    if length == 0 && !header.isFinal { try countEmptyFrame() } else { emptyFrames = 0 }
    mask = header.mask
    isFinal = header.isFinal
    phase = .data(length)
    guard opcode != .continuation else { return nil }
    let begun: WebSocketMessageKind = opcode == .text ? .text : .binary
    kind = begun
    isCompressed = header.reserved != 0
    return .begin(begun, isCompressed: isCompressed)
  }

  private mutating func endFrame() throws(WebSocketError) {
    guard isFinal else { return }
    if kind == .text, !isCompressed, !text.isComplete { throw WebSocketError(.invalidUTF8) }
    owesEnd = true
  }

  private mutating func check(_ bytes: UnsafeRawBufferPointer) throws(WebSocketError) {
    guard text.accepts(bytes) else { throw WebSocketError(.invalidUTF8) }
  }

  private mutating func countEmptyFrame() throws(WebSocketError) {
    emptyFrames += 1
    guard emptyFrames <= limits.maximumEmptyFrames else { throw WebSocketError(.tooManyEmptyFrames) }
  }

  private mutating func control(_ opcode: WebSocketOpcode) throws(WebSocketError) -> Event {
    switch opcode {
    case .ping: return .ping(gathered)
    case .pong: return .pong(gathered)
    default:
      let close = try closeContent()
      phase = .ended
      return .close(close)
    }
  }

  private func closeContent() throws(WebSocketError) -> WebSocketClose {
    if gathered.isEmpty { return WebSocketClose(.noStatusReceived) }
    guard gathered.count >= 2 else { throw WebSocketError(.invalidCloseLength) }
    let code = WebSocketCloseCode(rawValue: UInt16(gathered[0]) << 8 | UInt16(gathered[1]))
    guard code.mayBeSent else { throw WebSocketError(.invalidCloseCode) }
    var checker = UTF8Checker()
    let isText = gathered[2...].withUnsafeBytes { checker.accepts($0) } && checker.isComplete
    guard isText else { throw WebSocketError(.invalidUTF8) }
    return WebSocketClose(code, reason: String(decoding: gathered[2...], as: UTF8.self))
  }
}
