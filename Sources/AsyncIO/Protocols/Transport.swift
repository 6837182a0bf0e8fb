// SPDX-License-Identifier: Apache-2.0
// A connection for protocols: it calls its protocol from the completions of the one transport that every stream has, so
// TLS, pipes and virtual time are the same here as there.
//
// Callbacks come with the task-local values of the place that made the connection, except for `pauseWriting`, which is
// called by a `write` and has the writer's. `connectionLost` is never called from within another callback, but in a turn
// of its own.
//
// It belongs to the thread of its loop, with its protocol: see BaseProtocol for who sees to that. The stream keeps it,
// and so its protocol, until the connection is lost.

public import AsyncIOCore

/// What a protocol writes to: a connection, or one end of a pipe; asyncio's `Transport`.
///
/// It has the methods of asyncio's `Transport`, `ReadTransport` and `WriteTransport`. None of them waits. It isn't
/// Sendable: it belongs to its protocol's thread, which is the loop's.
///
/// ```swift
/// final class Greeter: StreamProtocol {
///   func connectionMade(_ transport: Transport) {
///     transport.write("hello\n")
///     transport.close()
///   }
///   func dataReceived(_ data: Span<UInt8>) {}
/// }
/// ```
public final class Transport {
  let stream: StreamTransport
  /// Keeps the stream open, for as long as it isn't lost.
  private var handle: StreamHandle?
  let context: RepeatedContext?
  var receiver: Receiver
  /// `connectionMade` was called.
  var hasBegun = false
  var isPumping = false
  var hasSeenEnd = false
  var readingIsPaused = false
  var writingIsPaused = false
  var highWater = 64 * 1024
  var lowWater = 16 * 1024
  /// Why the connection is lost, if it isn't what this side wanted.
  var lossReason: (any Error)?

  var readerWatch: ReaderWatch?

  /// How the protocol gets its input.
  enum Receiver {
    case stream(any StreamProtocol)
    case buffered(any BufferedProtocol)
    case none(any BaseProtocol)

    init(_ other: any BaseProtocol) {
      if let stream = other as? any StreamProtocol {
        self = .stream(stream)
      } else if let buffered = other as? any BufferedProtocol {
        self = .buffered(buffered)
      } else {
        self = .none(other)
      }
    }

    var base: any BaseProtocol {
      switch self {
      case .stream(let known): known
      case .buffered(let known): known
      case .none(let known): known
      }
    }
  }

  init(_ handle: StreamHandle, _ receiver: Receiver, context: RepeatedContext?) {
    stream = handle.transport
    self.handle = handle
    self.receiver = receiver
    self.context = context
  }

  // MARK: - The protocol

  /// The protocol that is called; asyncio's `get_protocol`. After `connectionLost` it is one that does nothing.
  public var currentProtocol: any BaseProtocol { receiver.base }

  /// Switches to another protocol, in the middle of a callback too: it gets all that comes from now on, without a
  /// `connectionMade` of its own; asyncio's `set_protocol`.
  public func setProtocol(_ other: any StreamProtocol) { setReceiver(.stream(other)) }

  /// The same for a protocol that lends its memory.
  public func setProtocol(_ other: any BufferedProtocol) { setReceiver(.buffered(other)) }

  private func setReceiver(_ new: Receiver) {
    receiver = new
    inputChanged()
  }

  // MARK: - The end

  /// Closes the connection after what was written has left; `connectionLost(nil)` follows. Nothing more is received.
  /// asyncio's `close`.
  public func close() { stream.close() }

  /// Closes the connection at once: what has not left is lost, and the peer sees a reset; `connectionLost(nil)` follows.
  /// asyncio's `abort`.
  public func abort() { stream.abort() }

  /// Whether the connection is closing or closed; asyncio's `is_closing`.
  public var isClosing: Bool { stream.isClosing }

  /// The connection can't go on.
  func fail(_ error: any Error) {
    let isEndOfLoop = (error as? SystemError)?.code == .canceled
    if lossReason == nil { lossReason = isEndOfLoop ? StreamError.aborted : error }
    stream.abort(with: error)
  }

  /// The same for an error of the protocol's.
  func failed(_ function: String, _ error: any Error) {
    let name = String(describing: type(of: receiver.base))
    stream.loop.callExceptionHandler(ExceptionContext(message: "\(name).\(function) failed", error: error))
    fail(error)
  }

  // MARK: - About the connection

  /// The peer's address; asyncio's `get_extra_info("peername")`. Nil for a pipe.
  public var peerAddress: SocketAddress? { stream.peer }

  /// The connection's own address; nil once it is closed, and for a pipe. asyncio's `get_extra_info("sockname")`.
  public var localAddress: SocketAddress? { stream.local }

  /// Who is at the other end of a Unix socket.
  public var peerCredentials: PeerCredentials? { stream.peerCredentials }

  /// The descriptor, to ask for its options or to set them; -1 once it is closed. It stays the transport's.
  public var descriptor: Int32 { stream.number }

  // MARK: - Calling

  /// Calls the protocol, with the task-local values of the place that made the connection.
  func call(_ body: () -> Void) {
    if let context { context.run(body) } else { body() }
  }
}

// MARK: - From the stream

extension Transport: StreamConsumer {
  package func closed() {
    readerWatch?.end(on: stream.loop)
    // At the end of the loop no turn may follow.
    if lossReason as? StreamError == .aborted { lose() } else { stream.loop.callSoon { [self] in lose() } }
  }

  private func lose() {
    guard handle != nil else { return }
    call { receiver.base.connectionLost(lossReason) }
    handle = nil
    // The protocol has its transport, as a rule.
    receiver = .none(LostProtocol())
    readerWatch = nil
  }
}

extension Transport: EndsWithLoop {
  package func loopEnds() {
    guard handle != nil else { return }
    if lossReason == nil { lossReason = StreamError.aborted }
    stream.abort(with: StreamError.aborted)
  }
}

/// What a transport calls after its `connectionLost`.
private final class LostProtocol: BaseProtocol {
  func connectionMade(_ transport: Transport) {}
}
