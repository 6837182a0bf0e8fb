// SPDX-License-Identifier: Apache-2.0
// One listening socket on one loop: it accepts, and starts a handler for each connection. Everything belongs to that
// loop's thread; other threads come in by `onItsLoop`.
//
// Its life only goes forward; a step may be left out:
//
//     idle ──startServing──► serving ──close──► closed ──beginShutdown──► draining ──1 s──► drainingAll ──limit──►
//     resetting
//
// A connection that was accepted is either served, or stands in `arrived`: because the server is full, or because this
// turn has had its share of new connections. While somebody stands there, nothing more is accepted.

import AsyncIOCore

final class Listener: OperationSink, LeftOpen, EndsWithLoop, TransportOwner, @unchecked Sendable {
  // Sendable: see the head of the file.

  /// New connections in one turn. A flood of them shares the loop with those that are there, whatever the backend.
  private static let connectionsATurn = 64

  /// A connection without a handler.
  private struct Arrival {
    let number: Int32
    let peer: SocketAddress?
  }

  enum Phase: Int {
    /// Bound. Nobody has let it serve yet.
    case idle
    /// It accepts, or waits for room, or rests after a failure.
    case serving
    /// It accepts no more. The connections that are there go on.
    case closed
    /// Connections end when they are idle: their peers have had their answers.
    case draining
    /// Those that have never been asked anything count as idle, too.
    case drainingAll
    /// What was left was reset, and its handlers cancelled.
    case resetting
  }

  let loop: EventLoop
  let address: SocketAddress
  /// Of the socket, as long as it isn't closed.
  let number: Int32
  let slots: ConnectionSlots
  private let plan: ListenerPlan
  let service: ConnectionService
  private var descriptor: Descriptor?
  /// What its Unix socket has left in the file system.
  private var file: SocketFile?

  private(set) var phase = Phase.idle
  private var accepting: OperationID?
  private var arrived: [Arrival] = []
  private var turn = 0
  private var servedThisTurn = 0
  /// Until when it doesn't accept, for want of descriptors.
  private var rest: TimerHandle?
  private var shortages = ShortageReports()
  /// The task-local values of the place where the server was started.
  private var context = TaskContext.capture()

  // Listener+Connections.
  var connections: ConnectionTable
  let rule: ProgressRule?
  var sweep: TimerHandle?
  var closers = WaitList<WaitID>()
  var counts = ConnectionCounts()

  // Listener+Shutdown.
  var drain = Drain()

  init(
    _ descriptor: consuming Descriptor, address: SocketAddress, ownsFile: Bool, plan: ListenerPlan,
    slots: ConnectionSlots, loop: EventLoop, service: ConnectionService
  ) {
    number = descriptor.number
    self.descriptor = consume descriptor
    self.address = address
    self.plan = plan
    self.slots = slots
    self.loop = loop
    self.service = service
    rule = ProgressRule(plan.limits)
    connections = ConnectionTable(watchesProgress: rule != nil)
    if ownsFile { file = loop.sockets.socketFile(of: address) }
  }

  /// Goes on to a phase. Does nothing if it is there or beyond.
  func advance(to next: Phase) { if phase.rawValue < next.rawValue { phase = next } }

  func hasReached(_ phase: Phase) -> Bool { self.phase.rawValue >= phase.rawValue }

  var isClosed: Bool { hasReached(.closed) }
  var isShuttingDown: Bool { hasReached(.draining) }

  var waitDescription: String { "server at \(address)" }

  var leftOpen: String? { isClosed ? nil : "\(waitDescription) was not closed (started at \(plan.file):\(plan.line))" }

  func onItsLoop(_ body: @escaping @Sendable (Listener) -> Void) {
    if loop.isCurrent { body(self) } else { loop.postFromAnywhere { _ in body(self) } }
  }

  // MARK: - Accepting

  var isAccepting: Bool { accepting != nil }

  /// Begins to serve. Does nothing the second time, and after `close`.
  func startServing() throws {
    guard phase == .idle, let descriptor = descriptor?.number else { return }
    if !plan.startsListening { try loop.sockets.startListening(descriptor, backlog: plan.backlog) }
    advance(to: .serving)
    // Here and not in `init`, which another loop's thread may call.
    loop.tellOfEnd(self)
    accept()
  }

  private func accept() {
    guard phase == .serving, !loop.isEnding, accepting == nil, rest == nil, arrived.isEmpty else { return }
    guard let descriptor = descriptor?.number else { return }
    var room = slots.room(for: self)
    if room == .none, raiseLimit() { room = slots.room(for: self) }
    if room != .none { accepting = loop.accept(on: descriptor, once: plan.isShared || room == .little, sink: self) }
  }

  /// Takes as many connections as the process's descriptors allow, if nobody has said how many: that can have changed.
  private func raiseLimit() -> Bool {
    guard plan.limits.connections == nil else { return false }
    let now = ServerPlan.connectionLimit(ofDescriptors: loop.sockets.descriptorLimit)
    if now <= slots.limit { return false }
    slots.limit = now
    return true
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    if completion.isLast { accepting = nil }
    if completion.result >= 0 {
      shortages.reset()
      take(completion.result)
    } else if isClosed {
      end()
    } else if completion.result == SystemError.Code.canceled.result {
      // It was to pause; or the loop ends, and then nobody is to be accepted any more.
      if loop.isEnding { end() }
    } else if !ShortageReports.isPeers(completion.result) || shortages.lasts() {
      pause(after: SystemError("accept", address.description, result: completion.result))
    }
    if completion.isLast { accept() }
    finishIfOver()
  }

  /// Out of descriptors or memory, or forbidden to accept. As asyncio does, it is reported and tried again in a second;
  /// but also as soon as a connection ends, and a shortage is reported once. Until then the connections wait in the
  /// backlog.
  private func pause(after error: SystemError) {
    if shortages.isNews(at: loop.time.nanoseconds) {
      loop.callExceptionHandler(
        ExceptionContext(
          message: "accepting connections pauses until one ends, for a second at most", error: error))
    }
    rest = loop.callLater(.seconds(1)) { self.roomWasMade() }
    slots.pause(self)
  }

  /// A connection of the server has ended, or the pause is over.
  func roomWasMade() {
    rest.take()?.cancel()
    accept()
  }

  private func take(_ number: Int32) {
    // A connection that arrives after the server was closed is closed.
    if isClosed { return loop.backend.close(descriptor: number) }
    // Asked now: after a reset nobody could say who it was.
    let peer = loop.sockets.peerAddress(of: number)
    guard slots.admits(peer) else {
      counts.refused += 1
      return reset(number)
    }
    arrived.append(Arrival(number: number, peer: peer))
    if arrived.count == 1 { serveArrived() }
    if !arrived.isEmpty || slots.room(for: self) == .none, let accepting { loop.cancel(accepting) }
  }

  private func reset(_ number: Int32) {
    loop.sockets.set(.resetOnClose, of: number)
    loop.backend.close(descriptor: number)
  }

  /// Serves who has arrived, as far as there are places.
  private func serveArrived() {
    while let next = arrived.first {
      if turn != loop.turnNumber { (turn, servedThisTurn) = (loop.turnNumber, 0) }
      guard servedThisTurn < Self.connectionsATurn else {
        loop.callSoon { self.serveArrived() }
        return
      }
      guard slots.take(for: self) || raiseLimit() && slots.take(for: self) else { return }
      arrived.removeFirst()
      serve(next)
    }
    accept()
  }

  /// A connection of the server has ended, and its place belongs to the first that arrived here.
  func placeWasGiven() {
    guard !arrived.isEmpty else { return slots.give() }
    serve(arrived.removeFirst())
    serveArrived()
  }

  // MARK: - Serving

  private func serve(_ arrival: Arrival) {
    let peer = arrival.peer
    servedThisTurn += 1
    counts.accepted += 1
    let transport = StreamTransport(
      Descriptor(arrival.number, of: loop.backend), peer: peer, limit: plan.limit, loop: loop)
    let task = AnyTaskHandle(name: nil, loop: loop, file: #fileID, line: #line) {
      "connection from \(peer?.description ?? "a peer that is gone")"
    }
    let place = connections.insert(
      transport, task, at: loop.time.nanoseconds, isPreparing: service.security != nil)
    // Keeps the listener until its last connection is gone.
    transport.ownership = Ownership(owner: self, place: place, isShuttingDown: isShuttingDown)
    transport.start()
    startSweeping()
    let handle = StreamHandle(transport)
    inContext { self.handle(handle, in: task) }
  }

  /// Runs the body with the task-local values of the place where the server was started. A context is for one call: the
  /// body of this one captures the next.
  private func inContext(_ body: @escaping () -> Void) {
    guard let current = context.take() else { return body() }
    current.run {
      self.context = .capture()
      body()
    }
  }

  // MARK: - The end

  func close() {
    guard !isClosed else { return }
    advance(to: .closed)
    if let file = file.take() { loop.sockets.remove(file) }
    rest.take()?.cancel()
    slots.forget(self)
    for arrival in arrived {
      slots.dismiss(arrival.peer)
      reset(arrival.number)
    }
    arrived = []
    if let accepting { loop.cancel(accepting) } else { descriptor = nil }
    finishIfOver()
  }

  /// The operation is over and with it the socket.
  private func end() {
    descriptor = nil
    if let file = file.take() { loop.sockets.remove(file) }
  }

  /// What it refers to refers to it: its place in line for connections, its timers, the connections themselves.
  func loopEnds() {
    close()
    context = nil
    sweep.take()?.cancel()
    drain.end()
    forEachConnection { transport, _ in transport.ownership = nil }
    connections = ConnectionTable(watchesProgress: false)
  }

  func finishIfOver() {
    guard isClosed, accepting == nil else { return }
    descriptor = nil
    context = nil
    tellIfDrained()
    guard connections.openCount == 0 else { return }
    for wait in closers.takeAll() { loop.resume(wait) }
  }

  /// Whether it is closed and all of its connections are gone.
  var isOver: Bool { isClosed && accepting == nil && connections.openCount == 0 }
}
