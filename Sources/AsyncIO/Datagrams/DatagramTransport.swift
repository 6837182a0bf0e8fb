// SPDX-License-Identifier: Apache-2.0
// A datagram socket on its loop: it handles the completions of its operations and wakes the tasks that wait for them.
//
// Receiving runs from the start and fills a queue. It stops at the queue's limit and resumes at half of it. Meanwhile
// the kernel's buffer fills, and then the kernel drops the newest datagrams, as with any socket.
//
// Sending is a call that succeeds or says "not now" (EAGAIN). Nothing is kept here: the bytes stay with the sending
// task, which waits for room.
//
// An ICMP report about one of our datagrams reaches a connected socket as an error of its next call. That is nearly
// always the receive, so the error is kept for the next send or receive of a task, which throws it once.
//
// Everything here belongs to the loop's thread; the public type ensures that. The descriptor is closed when no
// operation is in flight on it any more.

package import AsyncIOCore
import Glibc

/// `@safe`: it lends the memory of what arrives to a callback, for the time of the call.
@safe package final class DatagramTransport: OperationSink, WaitObject {
  enum State {
    case open
    /// Waits for its operations to end.
    case closing
    case closed
  }

  package let loop: EventLoop
  package let local: SocketAddress
  package let peer: SocketAddress?
  let counters: DatagramCounters
  private let queueLimit: Int
  @safe @exclusivity(unchecked) private var descriptor: Descriptor?
  /// The file of a bound Unix socket.
  @safe @exclusivity(unchecked) private var file: SocketFile?
  @safe @exclusivity(unchecked) var state = State.open

  @safe @exclusivity(unchecked) var queue = DatagramStore()
  @safe @exclusivity(unchecked) private var receiving: OperationID?
  @safe @exclusivity(unchecked) private var isPaused = false
  /// The receive was cancelled for the pause. Its last completion is still to come; receiving may be wanted again by
  /// then.
  @safe @exclusivity(unchecked) private var isEnding = false
  /// The timer that ends a rest, taken because every receive fails.
  @safe @exclusivity(unchecked) private var rest: TimerHandle?
  @safe @exclusivity(unchecked) var shortages = ShortageReports()
  @safe @exclusivity(unchecked) private var receivers = WaitList<WaitID>()
  /// Whether a callback takes the datagrams and errors instead of the queue; see `take(by:onError:)`.
  @safe @exclusivity(unchecked) private var isHandedOver = false
  @safe @exclusivity(unchecked) private var onDatagram: ((UnsafeRawBufferPointer, SocketAddress) -> Void)?
  @safe @exclusivity(unchecked) private var onError: ((any Error) -> Void)?
  @safe @exclusivity(unchecked) private var lastDropped: UInt32 = 0

  /// An error from the network that no task has been told yet.
  @safe @exclusivity(unchecked) private var pendingError: SystemError?
  /// The error that ended the socket's work.
  @safe @exclusivity(unchecked) var failure: (any Error)?
  @safe @exclusivity(unchecked) var senders = WaitList<WaitID>()
  /// The poll for room. It is cancelled when room comes, and begun again if a task waits by then.
  @safe @exclusivity(unchecked) var polling: OperationID?
  @safe @exclusivity(unchecked) var pollingIsEnding = false
  /// Whether the last send found the interface's queue full.
  @safe @exclusivity(unchecked) var hasNoBuffers = false
  /// Whether rows of datagrams go to the kernel in one piece; false once the kernel has refused.
  @safe @exclusivity(unchecked) var segments: Bool
  @safe @exclusivity(unchecked) private var closers = WaitList<WaitID>()

  init(
    _ descriptor: consuming Descriptor, local: SocketAddress, peer: SocketAddress?, isBound: Bool, queueLimit: Int,
    counters: DatagramCounters, loop: EventLoop
  ) {
    self.loop = loop
    self.local = local
    self.peer = peer
    self.queueLimit = queueLimit
    self.counters = counters
    self.descriptor = consume descriptor
    segments = local.family != .unix
    file = isBound ? loop.sockets.socketFile(of: local) : nil
  }

  /// Begins to receive. Separate from `init`, because the operation keeps the transport.
  func start() { startReceiving() }

  var number: Int32 { descriptor?.number ?? -1 }

  package var waitDescription: String { peer?.description ?? local.description }

  // MARK: - Receiving

  /// Hands arriving datagrams to a callback on the loop's thread from now on, without a task and without the queue. The
  /// bytes are lent for the duration of the call. Datagrams that arrived before are still in the queue. `close`
  /// releases both callbacks.
  package func take(
    by onDatagram: @escaping (_ bytes: UnsafeRawBufferPointer, _ peer: SocketAddress) -> Void,
    onError: @escaping (any Error) -> Void
  ) {
    self.onDatagram = unsafe onDatagram
    self.onError = onError
  }

  var hasReceivers: Bool { !receivers.isEmpty }

  /// Reserves receiving for a later `take`. Tasks that wait to receive are told.
  func handOver() throws {
    guard state == .open else { throw DatagramError.closed }
    if isHandedOver { throw DatagramError.handedOver }
    isHandedOver = true
    for wait in receivers.takeAll() { loop.resume(wait) }
  }

  /// Waits until a datagram is in the queue. Throws `DeadlinePassed` at a time of the loop's clock.
  package nonisolated(nonsending) func waitForDatagram(until deadline: Int64 = .max) async throws {
    while true {
      if isHandedOver && state == .open { throw DatagramError.handedOver }
      if !queue.isEmpty { return }
      try throwError()
      let wait = loop.beginWait(WaitReason("receive from", on: self))
      let place = receivers.join(wait)
      let outcome = await loop.wait(wait, until: deadline)
      receivers.leave(place)
      try outcome.check()
    }
  }

  /// Resumes receiving, after datagrams were taken out of the queue.
  func resumeReceiving() {
    if isPaused && queue.weight <= queueLimit / 2 {
      isPaused = false
      startReceiving()
    }
  }

  private func startReceiving() {
    guard state == .open, receiving == nil, !isPaused, rest == nil, failure == nil else { return }
    receiving = loop.receiveDatagrams(from: number, sink: self)
  }

  private func received(_ completion: Completion) {
    let wasEnding = isEnding
    if completion.isLast {
      receiving = nil
      isEnding = false
    }
    if completion.result > 0 {
      shortages.reset()
      if state == .open { unsafe take(DatagramFrame(completion.bytes)) }
    } else if completion.result == SystemError.Code.canceled.result {
      // We didn't cancel it, so the loop is ending.
      if state == .open && !wasEnding { fail(DatagramError.closed) }
    } else if completion.result < 0 {
      take(errno: -completion.result, isLast: completion.isLast)
    }
    if receiving == nil { startReceiving() }
    closeIfIdle()
  }

  private func take(_ frame: DatagramFrame) {
    let payload = unsafe frame.payload
    guard let control = frame.control else {
      return unsafe take(payload, frame, DatagramFrame.Control(destination: nil, interface: 0, dropped: lastDropped))
    }
    if control.dropped != 0 {
      counters.addDropped(Int(control.dropped &- lastDropped))
      lastDropped = control.dropped
    }
    guard control.segment > 0, payload.count > control.segment else { return unsafe take(payload, frame, control) }
    var start = 0
    while start < payload.count {
      let end = min(start + control.segment, payload.count)
      unsafe take(UnsafeRawBufferPointer(rebasing: payload[start..<end]), frame, control)
      start = end
    }
  }

  private func take(_ payload: UnsafeRawBufferPointer, _ frame: DatagramFrame, _ control: DatagramFrame.Control) {
    counters.addReceived(bytes: payload.count, isTruncated: frame.isTruncated)
    if let onDatagram { return unsafe onDatagram(payload, frame.peer) }
    var destination = control.destination
    destination?.port = local.port
    unsafe queue.append(
      payload, peer: frame.peer, destination: destination, interface: control.interface,
      isTruncated: frame.isTruncated)
    wakeReceiver()
    if !isPaused && queue.weight > queueLimit {
      isPaused = true
      if let receiving, !isEnding {
        isEnding = true
        loop.cancel(receiving)
      }
    }
  }

  private func wakeReceiver() {
    while let wait = receivers.popFirst() {
      if loop.resume(wait) { return }
    }
  }

  // MARK: - Errors

  private func take(errno: Int32, isLast: Bool) {
    let code = SystemError.Code(rawValue: errno)
    let error = SystemError("receive from", waitDescription, code: code)
    if state == .open && shortages.lasts() { pause(after: error, isLast: isLast) }
    if code.isTemporary { return }
    if code.isOfNetwork {
      counters.addError()
      // Without a peer we can't tell which datagram the error was about.
      guard peer != nil else { return }
      if let onError { return onError(error) }
      pendingError = error
      wakeReceiver()
    } else {
      fail(error)
      if !isLast, let receiving { loop.cancel(receiving) }
    }
  }

  /// A lasting error isn't about a datagram that was sent: a filter forbids receiving, or memory is short. It is
  /// reported and receiving tried again in a second, as a server does with its connections. A socket that is readable
  /// and can't be read would keep the loop busy meanwhile.
  private func pause(after error: SystemError, isLast: Bool) {
    if shortages.isNews(at: loop.time.nanoseconds) {
      loop.callExceptionHandler(
        ExceptionContext(message: "receiving datagrams fails, and pauses for a second at a time", error: error))
    }
    rest = loop.callLater(.seconds(1)) { [weak self] in
      self?.rest = nil
      self?.startReceiving()
    }
    if !isLast, let receiving, !isEnding {
      isEnding = true
      loop.cancel(receiving)
    }
  }

  func fail(_ error: any Error) {
    if failure == nil { failure = error }
    onError?(error)
    wakeAll()
  }

  private func wakeAll() {
    for wait in receivers.takeAll() + senders.takeAll() { loop.resume(wait) }
  }

  func throwError() throws {
    guard state == .open else { throw DatagramError.closed }
    if let error = pendingError.take() { throw error }
    if let failure { throw failure }
  }

  // MARK: - Options

  func set(_ option: SocketOption, _ operation: String, _ object: String) throws {
    try throwError()
    let result = loop.sockets.set(option, of: number, family: local.family)
    if result < 0 { throw SystemError(operation, object, result: result) }
  }

  // MARK: - The end

  package var isOpen: Bool { state == .open }

  /// Closes the socket, and drops the datagrams in the queue.
  package func close() {
    guard state == .open else { return }
    state = .closing
    if let file = file.take() { loop.sockets.remove(file) }
    queue.removeAll()
    rest.take()?.cancel()
    onDatagram = nil
    onError = nil
    wakeAll()
    if let receiving { loop.cancel(receiving) }
    if let polling { loop.cancel(polling) }
    closeIfIdle()
  }

  /// Closes the socket when its last reference has gone.
  func closeForgotten() {
    if state == .open { DebugMode.log("the datagram socket of \(waitDescription) was dropped without being closed") }
    close()
  }

  func closeIfIdle() {
    guard state == .closing, receiving == nil, polling == nil else { return }
    state = .closed
    descriptor = nil
    for wait in closers.takeAll() { loop.resume(wait) }
  }

  nonisolated(nonsending) func waitClosed() async throws {
    if state == .closed { return try await loop.spendBudget() }
    while state != .closed {
      let wait = loop.beginWait(WaitReason("close", on: self))
      let place = closers.join(wait)
      if await loop.wait(wait) == .cancelled {
        closers.leave(place)
        throw CancellationError()
      }
    }
  }

  // MARK: - Completions

  package func complete(_ operation: OperationID, _ completion: Completion) {
    if operation == receiving { received(completion) } else if operation == polling { polled(operation, completion) }
  }
}
