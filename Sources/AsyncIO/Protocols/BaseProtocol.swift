// SPDX-License-Identifier: Apache-2.0
// asyncio's protocols: objects that a transport calls. Protocol methods have no isolation, and protocols are not
// Sendable. An object of a class without annotations belongs to the place where it was made, and the compiler keeps it
// there. The functions that make connections ensure that this place is the loop's thread.
//
// Called on the main actor, as in the body of `EventLoop.run`, their factory is the main actor's, and may use
// everything there. The protocol then belongs to the main actor, whose thread is the loop's, and nothing else calls it.
// A class of the main actor may also be a protocol (its conformance is isolated). Called from code without an actor,
// their factory is `@Sendable`. Nothing else knows the object that it makes, and the protocol belongs to the loop. Any
// other actor is refused.
//
// So ported code needs no annotations, and sharing a protocol with another thread doesn't compile.

/// The calls that every protocol gets from its transport; asyncio's `BaseProtocol`. Implement `StreamProtocol` or
/// `BufferedProtocol`.
///
/// All calls come on the loop's thread, and never from within another call of the transport, except for `pauseWriting`,
/// which a `write` may cause.
public protocol BaseProtocol: AnyObject {
  /// The connection is made. Called once, before anything else. Keep the transport, to write to.
  func connectionMade(_ transport: Transport)

  /// The connection is lost. Called once, after everything else.
  ///
  /// - Parameter error: The reason; nil after a `close` or `abort` of this side, or the peer's end.
  func connectionLost(_ error: (any Error)?)

  /// The transport holds more output than its high limit, because the peer is slow: stop writing.
  func pauseWriting()

  /// The transport's output has fallen to its low limit: go on writing.
  func resumeWriting()
}

extension BaseProtocol {
  /// Does nothing.
  public func connectionMade(_ transport: Transport) {}
  /// Does nothing.
  public func connectionLost(_ error: (any Error)?) {}
  /// Does nothing.
  public func pauseWriting() {}
  /// Does nothing.
  public func resumeWriting() {}
}

/// A protocol that receives the bytes as they come; asyncio's `Protocol`.
///
/// ```swift
/// final class Echo: StreamProtocol {
///   private var transport: Transport?
///   func connectionMade(_ transport: Transport) { self.transport = transport }
///   func dataReceived(_ data: Span<UInt8>) { transport?.write(data) }
/// }
///
/// let server = try await EventLoop.current.createServer(host: "127.0.0.1", port: 8888) { Echo() }
/// ```
///
/// The calls come in this order: `connectionMade`, `dataReceived` any number of times, `eofReceived` at most once,
/// `connectionLost`. An error that one of them throws resets the connection. It goes to the loop's exception handler,
/// and `connectionLost` gets it.
public protocol StreamProtocol: BaseProtocol {
  /// Bytes came from the peer, at least one. They are lent for the duration of the call: `[UInt8](copying:)` copies
  /// them, `String(decoding:as:)` reads them as text.
  func dataReceived(_ data: Span<UInt8>) throws

  /// The peer has sent its last byte.
  ///
  /// - Returns: True keeps this side open for further writes; false closes it. For a pipe the result is ignored.
  func eofReceived() throws -> Bool
}

extension StreamProtocol {
  /// Closes this side.
  public func eofReceived() throws -> Bool { false }
}

/// A protocol that lends the memory to receive into, so that it has the bytes where it wants them; asyncio's
/// `BufferedProtocol`.
///
/// ```swift
/// final class Collector: BufferedProtocol {
///   private var buffer: [UInt8] = []
///
///   func getBuffer(sizeHint: Int, _ receive: (inout OutputSpan<UInt8>) -> Void) {
///     buffer.append(addingCapacity: 4096) { receive(&$0) }
///   }
///
///   func bufferUpdated(_ count: Int) { print("received", buffer.suffix(count)) }
/// }
/// ```
///
/// The calls come in the order of `StreamProtocol`'s, with `getBuffer` and `bufferUpdated` in turns instead of
/// `dataReceived`.
public protocol BufferedProtocol: BaseProtocol {
  /// Lends memory to `receive`. Call it once; it appends to the memory.
  ///
  /// - Parameter sizeHint: How many bytes wait to be received. The memory may be smaller or larger, but not empty.
  func getBuffer(sizeHint: Int, _ receive: (inout OutputSpan<UInt8>) -> Void) throws

  /// This number of bytes is now in the memory that was lent last.
  func bufferUpdated(_ count: Int) throws

  /// The peer has sent its last byte; see `StreamProtocol.eofReceived`.
  func eofReceived() throws -> Bool
}

extension BufferedProtocol {
  /// Closes this side.
  public func eofReceived() throws -> Bool { false }
}
