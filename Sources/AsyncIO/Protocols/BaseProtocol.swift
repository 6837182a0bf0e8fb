// SPDX-License-Identifier: Apache-2.0
// asyncio's protocols: objects that a transport calls. Which isolation have their methods? None, and they aren't Sendable:
// an object of a class without annotations belongs to where it was made, and the compiler keeps it there. The functions
// that make connections see to it that this is the loop's thread. Called on the main actor, as from the body of
// `EventLoop.run`, their factory is the main actor's, and may use all that is there; the protocol belongs to the main
// actor, whose thread is the loop's, and is called by nothing else. A class of the main actor's own may be a protocol as
// well (its conformance is isolated). Called from code without an actor, their factory is `@Sendable`: what it makes is
// known to nobody else, and the protocol belongs to the loop. Any other actor is refused.
//
// So ported code needs no annotations, and sharing a protocol with another thread doesn't compile.

/// What every protocol hears from its transport; asyncio's `BaseProtocol`. `StreamProtocol` and `BufferedProtocol` are
/// what is implemented.
///
/// Everything is called on the loop's thread, never from within another call of the same transport's except for
/// `pauseWriting`, which a `write` may cause.
public protocol BaseProtocol: AnyObject {
  /// The connection is there; once, before anything else. The transport is what to write to: keep it.
  func connectionMade(_ transport: Transport)

  /// The connection is gone; once, after everything else.
  ///
  /// - Parameter error: Nil after an end that was wanted: a `close` or `abort` of this side, or the peer's end.
  func connectionLost(_ error: (any Error)?)

  /// More than the transport's high limit of output is kept, because the peer is slow: stop writing.
  func pauseWriting()

  /// Of the output no more than the low limit is left: go on.
  func resumeWriting()
}

extension BaseProtocol {
  public func connectionMade(_ transport: Transport) {}
  public func connectionLost(_ error: (any Error)?) {}
  public func pauseWriting() {}
  public func resumeWriting() {}
}

/// A protocol that is handed the bytes as they come; asyncio's `Protocol`.
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
/// Its calls come in this order: `connectionMade`, `dataReceived` any number of times, `eofReceived` at most once,
/// `connectionLost`. An error that one of them throws goes to the loop's exception handler, resets the connection, and is
/// what `connectionLost` gets.
public protocol StreamProtocol: BaseProtocol {
  /// Bytes came from the peer, one at least. They are lent for the time of the call, where they lie: `[UInt8](copying:)`
  /// keeps them, `String(decoding:as:)` reads them as text.
  func dataReceived(_ data: Span<UInt8>) throws

  /// The peer has sent all that it will.
  ///
  /// - Returns: True keeps this side open, for what is still to be written; false closes it. Of a pipe the result doesn't
  ///   matter.
  func eofReceived() throws -> Bool
}

extension StreamProtocol {
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
/// Its calls come in the order of `StreamProtocol`'s, with `getBuffer` and `bufferUpdated` by turns in place of
/// `dataReceived`.
public protocol BufferedProtocol: BaseProtocol {
  /// Lends memory to `receive`, which is to be called once and appends to it.
  ///
  /// - Parameter sizeHint: How many bytes wait to be received. The memory may be smaller or larger, but not empty.
  func getBuffer(sizeHint: Int, _ receive: (inout OutputSpan<UInt8>) -> Void) throws

  /// So many bytes are in the memory that was lent last.
  func bufferUpdated(_ count: Int) throws

  /// See `StreamProtocol.eofReceived`.
  func eofReceived() throws -> Bool
}

extension BufferedProtocol {
  public func eofReceived() throws -> Bool { false }
}
