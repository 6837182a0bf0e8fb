// SPDX-License-Identifier: Apache-2.0
// A client's mask must not be foreseeable, or a page could make a proxy see a request in its frames (RFC 6455 section
// 10.3). The codec has no randomness of its own: the caller gives each frame its key.

/// Writes the frames of a WebSocket into byte buffers (RFC 6455).
///
/// ```swift
/// var writer = WebSocketFrameWriter(role: .server)
/// var bytes: [UInt8] = []
/// try writer.message(.text, Array("hi".utf8), into: &bytes)
/// assert(bytes == [0x81, 0x02, 0x68, 0x69])
/// ```
public struct WebSocketFrameWriter: Sendable {
  /// A mistake of the program that writes.
  public enum Misuse: Error, Hashable, Sendable {
    /// A control frame has at most 125 bytes of data; a close frame's reason 123.
    case controlTooLong
    /// `WebSocketCloseCode.mayBeSent` is false.
    case invalidCloseCode
    /// A message was begun before the last one had ended, or continued before one had begun.
    case wrongOrder
    /// Nothing follows a close frame.
    case closed
  }

  private let role: WebSocketRole
  private let makeKey: (@Sendable () -> UInt32)?
  private var isWithinMessage = false
  /// Whether a close frame was written.
  public private(set) var isClosed = false

  /// A server's writer; its frames have no mask.
  public init(role: WebSocketRole) {
    precondition(role == .server, "a client's writer needs keys: init(maskedBy:)")
    self.role = role
    makeKey = nil
  }

  /// A client's writer, with the source of its masks: 32 bits that no peer can foresee, new for each frame.
  public init(maskedBy makeKey: @escaping @Sendable () -> UInt32) {
    role = .client
    self.makeKey = makeKey
  }

  /// Appends a whole message as one frame.
  ///
  /// - Parameter isCompressed: Whether the data is compressed by permessage-deflate (RFC 7692).
  /// - Throws: `Misuse`; then nothing was appended.
  public mutating func message(
    _ kind: WebSocketMessageKind, _ data: some Collection<UInt8>, isCompressed: Bool = false, into buffer: inout [UInt8]
  ) throws(Misuse) {
    try begin(kind, data, isCompressed: isCompressed, isLast: true, into: &buffer)
  }

  /// Appends the first fragment of a message.
  ///
  /// - Throws: `Misuse`; then nothing was appended.
  public mutating func begin(
    _ kind: WebSocketMessageKind, _ data: some Collection<UInt8>, isCompressed: Bool = false, isLast: Bool = false,
    into buffer: inout [UInt8]
  ) throws(Misuse) {
    if isClosed { throw .closed }
    if isWithinMessage { throw .wrongOrder }
    isWithinMessage = !isLast
    let opcode: WebSocketOpcode = kind == .text ? .text : .binary
    append(opcode, data, isFinal: isLast, reserved: isCompressed ? 0x40 : 0, into: &buffer)
  }

  /// Appends a further fragment of a message.
  ///
  /// - Throws: `Misuse`; then nothing was appended.
  public mutating func `continue`(
    _ data: some Collection<UInt8>, isLast: Bool, into buffer: inout [UInt8]
  ) throws(Misuse) {
    if isClosed { throw .closed }
    if !isWithinMessage { throw .wrongOrder }
    isWithinMessage = !isLast
    append(.continuation, data, isFinal: isLast, reserved: 0, into: &buffer)
  }

  /// Appends a ping, which may come within a message.
  ///
  /// - Throws: `Misuse`; then nothing was appended.
  public mutating func ping(_ data: some Collection<UInt8>, into buffer: inout [UInt8]) throws(Misuse) {
    try control(.ping, data, into: &buffer)
  }

  /// Appends a pong, which may come within a message.
  ///
  /// - Throws: `Misuse`; then nothing was appended.
  public mutating func pong(_ data: some Collection<UInt8>, into buffer: inout [UInt8]) throws(Misuse) {
    try control(.pong, data, into: &buffer)
  }

  /// Appends the close frame, the last one. The code `noStatusReceived` writes a frame without one.
  ///
  /// - Throws: `Misuse`; then nothing was appended.
  public mutating func close(_ content: WebSocketClose = WebSocketClose(), into buffer: inout [UInt8]) throws(Misuse) {
    var data: [UInt8] = []
    if content.code != .noStatusReceived {
      guard content.code.mayBeSent else { throw .invalidCloseCode }
      data = [UInt8(content.code.rawValue >> 8), UInt8(truncatingIfNeeded: content.code.rawValue)]
      data += content.reason.utf8
    }
    try control(.close, data, into: &buffer)
    isClosed = true
  }

  private mutating func control(
    _ opcode: WebSocketOpcode, _ data: some Collection<UInt8>, into buffer: inout [UInt8]
  ) throws(Misuse) {
    if isClosed { throw .closed }
    guard data.count <= 125 else { throw .controlTooLong }
    append(opcode, data, isFinal: true, reserved: 0, into: &buffer)
  }

  private func append(
    _ opcode: WebSocketOpcode, _ data: some Collection<UInt8>, isFinal: Bool, reserved: UInt8,
    into buffer: inout [UInt8]
  ) {
    let count = data.count
    buffer.append((isFinal ? 0x80 : 0) | reserved | opcode.rawValue)
    let maskBit: UInt8 = role == .client ? 0x80 : 0
    switch count {
    case ...125:
      buffer.append(maskBit | UInt8(count))
    case ...0xFFFF:
      buffer.append(maskBit | 126)
      for shift in [8, 0] { buffer.append(UInt8(truncatingIfNeeded: count >> shift)) }
    default:
      buffer.append(maskBit | 127)
      for shift in stride(from: 56, through: 0, by: -8) { buffer.append(UInt8(truncatingIfNeeded: count >> shift)) }
    }
    guard role == .client, let makeKey else {
      buffer.append(contentsOf: data)
      return
    }
    var mask = WebSocketMask(key: makeKey())
    buffer.append(contentsOf: mask.bytes)
    let start = buffer.count
    buffer.append(contentsOf: data)
    buffer.withUnsafeMutableBytes { mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
  }
}
