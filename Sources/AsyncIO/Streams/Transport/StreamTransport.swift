// SPDX-License-Identifier: Apache-2.0
// A descriptor with its buffers: what StreamReader and StreamWriter share, whatever kind of stream it is. It takes the
// completions of its operations, and wakes the tasks that wait for them.
//
// Receiving runs by itself from the start, and stops while more than twice the limit is unread; so a read whose bytes
// are there does not suspend. Large pieces are pulled instead, see StreamTransport+Pulling. A write tries to leave at
// once and keeps only what did not fit. A filter (TLS) may stand between the bytes of the user and those of the
// descriptor: then what arrives goes through it before it is input, and what is written before it is output.
//
// Everything here belongs to the loop's thread; the public types see to that. The descriptor is closed when nothing is
// in flight on it any more, whatever order close, errors and completions come in.

package import AsyncIOCore

package final class StreamTransport: OperationSink, WaitObject {
  package let loop: EventLoop
  let limit: Int
  /// Anything else is a pipe, a terminal or a file.
  let isSocket: Bool
  /// Whether it is the controlling side of a pseudo-terminal.
  @safe @exclusivity(unchecked) var isTerminal = false
  @safe @exclusivity(unchecked) private var descriptor: Descriptor?
  /// All that is decided here: the life of the stream, and of its two directions.
  @safe @exclusivity(unchecked) var state = StreamState()

  /// What has arrived and is unread.
  @safe @exclusivity(unchecked) var input: StreamInput
  /// Takes what comes, in place of a reader.
  @safe @exclusivity(unchecked) var consumer: (any StreamConsumer)?
  /// The descriptors that came with the bytes, if somebody wants them.
  @safe @exclusivity(unchecked) var passing: PassedDescriptors?
  /// How large the pieces are that come: StreamTransport+Pulling.
  @safe @exclusivity(unchecked) var pieces = PieceSizes()

  /// What was written and has not left.
  @safe @exclusivity(unchecked) var output: StreamOutput
  @safe @exclusivity(unchecked) var writers = WaitList<WaitID>()

  /// What stands between the user's bytes and the descriptor's.
  @safe @exclusivity(unchecked) package internal(set) var filter: (any StreamFilter)?
  /// What it has still to do: StreamTransport+Filtering.
  @safe @exclusivity(unchecked) var filterWork: FilterWork?

  @safe @exclusivity(unchecked) var closers = WaitList<WaitID>()
  /// Closed for its user, and waits for the peer's end: StreamTransport+Lingering.
  @safe @exclusivity(unchecked) var lingering: Lingering?
  /// For the server that accepted it; nil of a connection that the program opened.
  @safe @exclusivity(unchecked) var ownership: Ownership?
  /// Told of what happens while no task waits for the connection; it takes itself out when it is done.
  @safe @exclusivity(unchecked) package var watcher: (any TransportWatcher)?

  @safe @exclusivity(unchecked) private var knownPeer: SocketAddress?

  init(
    _ descriptor: consuming Descriptor, peer: SocketAddress?, isSocket: Bool = true, limit: Int, loop: EventLoop
  ) {
    self.loop = loop
    // Twice the limit is a number, too.
    self.limit = min(limit, .max / 4)
    self.isSocket = isSocket
    self.descriptor = consume descriptor
    knownPeer = peer
    input = StreamInput(pool: loop.streamBuffers)
    output = StreamOutput(pool: loop.streamBuffers)
  }

  /// Begins to receive. Apart from `init`, because the operation keeps the transport.
  func start() {
    beginAsPreferred()
    // What comes to a Unix socket before anybody reads may bring descriptors, and a plain receive would lose them: so
    // that waits for the first who reads, who says what it wants.
    if isSocket && peer?.family == .unix {
      state.input.beginPaused()
      return
    }
    if isSocket { loop.sockets.set(.noDelay, of: number) }
    startReceiving()
  }

  var number: Int32 { descriptor?.number ?? -1 }

  func closeDescriptor() { descriptor = nil }

  // MARK: - Addresses

  package var peer: SocketAddress? {
    if knownPeer == nil && isSocket && state.phase != .closed { knownPeer = loop.sockets.peerAddress(of: number) }
    return knownPeer
  }

  var local: SocketAddress? { state.phase == .closed || !isSocket ? nil : loop.sockets.localAddress(of: number) }

  package var waitDescription: String { peer?.description ?? (isSocket ? "a connection" : "a pipe") }

  // MARK: - What is known

  /// Why nothing more will arrive. Nil and `reachedEnd` is a proper end.
  package var inputError: (any Error)? { state.input.error }
  var reachedEnd: Bool { state.input.hasEnded }
  /// Whether a wait for input would be in vain.
  package var inputIsOver: Bool { state.input.isOver }
  package var outputError: (any Error)? { state.output.error }
  var reader: WaitID? { state.input.reader }
  /// Whether the reader receives, and the operation tells only that there is something.
  var polls: Bool { state.input.way.polls }
  package var bytesReceived: Int { state.input.received }
  package var bytesSent: Int { state.output.sent }

  // MARK: - Completions

  package func complete(_ operation: OperationID, _ completion: Completion) {
    if state.input.isOperation(operation) {
      if polls { becameReadable(completion) } else { received(completion) }
    } else if state.output.isOperation(operation) {
      if state.output.polls { becameWritable(completion) } else { sent(completion) }
    }
  }
}

extension SystemError.Code {
  /// As completions carry it.
  var result: Int32 { -rawValue }

  /// Whether the call would have worked a moment later.
  var isTemporary: Bool { self == .tryAgain || self == .interrupted || self == .noBufferSpace }
}
