// SPDX-License-Identifier: Apache-2.0
// A connection for protocols. It calls its protocol from the completions of the transport that every stream has, so
// TLS, pipes and virtual time work as they do there.
//
// Callbacks have the task-local values of the place that made the connection, except for `pauseWriting`: a `write`
// calls it, with the writer's values. `connectionLost` is never called from within another callback, but in a turn of
// its own.
//
// It belongs to the thread of its loop, with its protocol: BaseProtocol says how that is ensured. The stream keeps it,
// and so its protocol, until the connection is lost.

public import AsyncIOCore

/// A protocol's connection, or one end of a pipe; asyncio's `Transport`.
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
  /// Keeps the stream open until the connection is lost.
  private var handle: StreamHandle?
  let context: RepeatedContext?
  var receiver: Receiver
  /// Whether `connectionMade` was called.
  var hasBegun = false
  var isPumping = false
  var hasSeenEnd = false
  var readingIsPaused = false
  var writingIsPaused = false
  var highWater = 64 * 1024
  var lowWater = 16 * 1024
  /// The reason why the connection is lost, unless this side closed it.
  var lossReason: (any Error)?

  var readerWatch: ReaderWatch?

  /// The way in which the protocol gets its input.
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

  /// The current protocol; asyncio's `get_protocol`. After `connectionLost` it is one that does nothing.
  public var currentProtocol: any BaseProtocol { receiver.base }

  /// Switches to another protocol, in a callback too; asyncio's `set_protocol`. The new protocol gets all later calls,
  /// without a `connectionMade` of its own.
  public func setProtocol(_ other: any StreamProtocol) { setReceiver(.stream(other)) }

  /// Switches to another protocol, which lends its memory, as `setProtocol(_:)` does.
  public func setProtocol(_ other: any BufferedProtocol) { setReceiver(.buffered(other)) }

  private func setReceiver(_ new: Receiver) {
    receiver = new
    inputChanged()
  }

  // MARK: - The end

  /// Closes the connection after the output so far has left; `connectionLost(nil)` follows. Nothing more is received.
  /// asyncio's `close`.
  public func close() { stream.close() }

  /// Closes the connection at once: pending output is lost, and the peer sees a reset; `connectionLost(nil)` follows.
  /// asyncio's `abort`.
  public func abort() { stream.abort() }

  /// Whether the connection is closing or closed; asyncio's `is_closing`.
  public var isClosing: Bool { stream.isClosing }

  /// Ends a connection that can't go on.
  func fail(_ error: any Error) {
    let isEndOfLoop = (error as? SystemError)?.code == .canceled
    if lossReason == nil { lossReason = isEndOfLoop ? StreamError.aborted : error }
    stream.abort(with: error)
  }

  /// Ends the connection after an error of the protocol's.
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

  /// The process at the other end of a Unix socket; see `PeerCredentials`.
  public var peerCredentials: PeerCredentials? { stream.peerCredentials }

  /// The descriptor, for reading and setting its options; -1 once it is closed. It stays the transport's.
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
    // At the end of the loop no further turn may follow.
    if lossReason as? StreamError == .aborted { lose() } else { stream.loop.callSoon { [self] in lose() } }
  }

  private func lose() {
    guard handle != nil else { return }
    call { receiver.base.connectionLost(lossReason) }
    handle = nil
    // As a rule the protocol holds its transport: break the cycle.
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

/// Takes the calls of a transport after `connectionLost`.
private final class LostProtocol: BaseProtocol {
  func connectionMade(_ transport: Transport) {}
}
