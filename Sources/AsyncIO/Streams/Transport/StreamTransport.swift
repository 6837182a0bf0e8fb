// SPDX-License-Identifier: Apache-2.0
// A descriptor with its buffers: what StreamReader and StreamWriter share, whatever kind of stream it is. It takes the
// completions of its operations, and wakes the tasks that wait for them.
//
// Receiving runs by itself from the start, and stops while more than twice the limit is unread; so a read whose bytes
// are there does not suspend. Large pieces are pulled instead, see StreamTransport+Pulling. A write tries to leave at once and keeps only what did not fit. A filter (TLS) may stand
// between the bytes of the user and those of the descriptor: then what arrives goes through it before it is input, and
// what is written before it is output.
//
// Everything here belongs to the loop's thread; the public types see to that. The descriptor is closed when nothing is
// in flight on it any more, whatever order close, errors and completions come in.

package import AsyncIOCore

package final class StreamTransport: OperationSink, WaitObject {
  enum State {
    case open
    /// Waits for its output to leave, then for its operations to end.
    case closing
    case closed
  }

  package let loop: EventLoop
  let limit: Int
  /// Anything else is a pipe, a terminal or a file.
  let isSocket: Bool
  @exclusivity(unchecked) private var descriptor: Descriptor?
  @exclusivity(unchecked) var state = State.open
  /// What stands between the user's bytes and the descriptor's.
  @exclusivity(unchecked) package internal(set) var filter: (any StreamFilter)?
  /// What it has still to do: StreamTransport+Filtering.
  @exclusivity(unchecked) var filterWork: FilterWork?

  // The input side: StreamTransport+Input.
  @exclusivity(unchecked) var input: StreamInput
  /// Why nothing more will arrive. Nil and `reachedEnd` is a proper end.
  @exclusivity(unchecked) package internal(set) var inputError: (any Error)?
  @exclusivity(unchecked) var reachedEnd = false
  /// Takes what comes, in place of a reader.
  @exclusivity(unchecked) var consumer: (any StreamConsumer)?
  /// The unread bytes are lent to somebody, and stay until that is over: see StreamTransport+InPlace.
  @exclusivity(unchecked) var inputIsLent = false
  /// The descriptors that came with the bytes, if somebody wants them.
  @exclusivity(unchecked) var passing: PassedDescriptors?
  /// A `receive`, or a `poll` if the stream pulls.
  @exclusivity(unchecked) var receiving: OperationID?
  /// Nobody wants more at present.
  @exclusivity(unchecked) var receivingIsPaused = false
  /// The receive was cancelled for that; its last completion is still to come, and somebody may want more by then.
  @exclusivity(unchecked) var receivingIsEnding = false
  @exclusivity(unchecked) var reader: WaitID?
  /// How much has to be there before the reader is woken.
  @exclusivity(unchecked) var readerNeeds = 0
  @exclusivity(unchecked) var pulling = Pulling()

  // The output side: StreamTransport+Output.
  @exclusivity(unchecked) var output: StreamOutput
  @exclusivity(unchecked) package internal(set) var outputError: (any Error)?
  /// Everything had left when a receive learned that the connection is lost.
  @exclusivity(unchecked) var lostNoOutput = false
  @exclusivity(unchecked) var wroteEnd = false
  @exclusivity(unchecked) var sending: OperationID?
  @exclusivity(unchecked) var writers = WaitList<WaitID>()
  /// A file is being sent: what is written meanwhile comes after it.
  @exclusivity(unchecked) var outputIsHeld = false
  /// `sending` is a poll for room in the socket.
  @exclusivity(unchecked) var pollsForRoom = false

  // The end: StreamTransport+Closing.
  @exclusivity(unchecked) var closers = WaitList<WaitID>()
  /// Closed for its user, and waits for the peer's end.
  @exclusivity(unchecked) var lingering: TimerHandle?
  @exclusivity(unchecked) var lingerLimits = LingerLimits()

  // For the server that accepted it: TransportOwner.
  /// Nil of a connection that the program opened.
  @exclusivity(unchecked) var ownership: Ownership?
  /// Whether something has arrived since the user last wrote.
  @exclusivity(unchecked) var wasSpokenTo = false
  /// The input is over because the server shuts down, not because the peer said so.
  @exclusivity(unchecked) var endIsOurs = false
  @exclusivity(unchecked) var bytesReceived = 0
  @exclusivity(unchecked) var bytesSent = 0

  @exclusivity(unchecked) private var knownPeer: SocketAddress?

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
      receivingIsPaused = true
      return
    }
    if isSocket { loop.backend.setOption(.noDelay, of: number) }
    startReceiving()
  }

  var number: Int32 { descriptor?.number ?? -1 }

  func closeDescriptor() { descriptor = nil }

  // MARK: - Addresses

  package var peer: SocketAddress? {
    if knownPeer == nil && isSocket && state != .closed { knownPeer = loop.backend.peerAddress(of: number) }
    return knownPeer
  }

  var local: SocketAddress? { state == .closed || !isSocket ? nil : loop.backend.localAddress(of: number) }

  package var waitDescription: String { peer?.description ?? (isSocket ? "a connection" : "a pipe") }

  // MARK: - Completions

  package func complete(_ operation: OperationID, _ completion: Completion) {
    if operation == receiving {
      if pulling.isOn { becameReadable(completion) } else { received(completion) }
    } else if operation == sending {
      if pollsForRoom { becameWritable(completion) } else { sent(completion) }
    }
  }
}

extension SystemError.Code {
  /// As completions carry it.
  var result: Int32 { -rawValue }

  /// Whether the call would have worked a moment later.
  var isTemporary: Bool { self == .tryAgain || self == .interrupted || self == .noBufferSpace }
}
