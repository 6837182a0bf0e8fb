// SPDX-License-Identifier: Apache-2.0
// One listening socket on one loop. Everything belongs to that loop's thread, `onItsLoop` and `waitClosed` excepted.

import AsyncIOCore

final class Listener: OperationSink, WaitObject, @unchecked Sendable {
  // Sendable: see the head of the file.

  private let loop: EventLoop
  private let address: SocketAddress
  private let limit: Int
  private let service: ConnectionService
  private var descriptor: Descriptor?
  /// What its Unix socket has left in the file system.
  private var file: SocketFile?
  private var accepting: OperationID?
  private var isClosed = false
  private var clients: [ObjectIdentifier: StreamTransport] = [:]
  private var closers: [ParkID] = []
  /// The task-local values of the place where the server was started.
  private var context = TaskContext.capture()

  init(
    _ descriptor: consuming Descriptor, address: SocketAddress, limit: Int, loop: EventLoop, service: ConnectionService
  ) {
    self.descriptor = consume descriptor
    self.address = address
    self.limit = limit
    self.loop = loop
    self.service = service
    file = loop.driver.socketFile(of: address)
  }

  var waitDescription: String { "server at \(address)" }

  func onItsLoop(_ body: @escaping @Sendable (Listener) -> Void) {
    if loop.isCurrent { body(self) } else { loop.postFromAnywhere { _ in body(self) } }
  }

  // MARK: - Accepting

  func start() {
    guard !isClosed, accepting == nil, let descriptor = descriptor?.number else { return }
    accepting = loop.accept(on: descriptor, sink: self)
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    if completion.isLast { accepting = nil }
    if completion.result >= 0 {
      let accepted = Descriptor(completion.result, of: loop.driver)
      // A connection that arrives after the server was closed is closed.
      if !isClosed { serve(accepted) }
      if completion.isLast { start() }
    } else if isClosed || completion.result == SystemError.Code.canceled.result {
      descriptor = nil
      if let file = file.take() { loop.driver.remove(file) }
    } else {
      // Out of descriptors or memory: report it, and try again in a second, as asyncio does. Until then the connections
      // wait in the backlog.
      loop.callExceptionHandler(
        ExceptionContext(
          message: "accepting connections paused for a second",
          error: SystemError("accept", address.description, result: completion.result)))
      loop.callLater(.seconds(1)) { self.start() }
    }
    if isClosed && accepting == nil { finish() }
  }

  private func serve(_ accepted: consuming Descriptor) {
    // Asked now: after a reset nobody could say who it was.
    let peer = loop.driver.peerAddress(of: accepted.number)
    let transport = StreamTransport(accepted, peer: peer, limit: limit, loop: loop)
    let id = ObjectIdentifier(transport)
    clients[id] = transport
    // Keeps the listener until its last connection is gone.
    transport.onClose = {
      self.clients[id] = nil
      if self.isClosed && self.accepting == nil { self.finish() }
    }
    transport.start()
    let handle = StreamHandle(transport)
    let task = AnyTaskHandle(name: nil, loop: loop, file: #fileID, line: #line) {
      "connection from \(peer?.description ?? "a peer that is gone")"
    }
    inContext { self.handle(handle, in: task) }
  }

  /// What the closures of the task hold while the handler waits is a good part of what an idle connection costs: the
  /// usual case keeps to a frame of its own, and what a failure needs is not in it.
  private func handle(_ handle: StreamHandle, in task: AnyTaskHandle) {
    let service = service
    if case .halves(let handler) = service.handler, service.prepare == nil {
      task.startOwn {
        task.begin()
        do {
          try await handler(StreamReader(handle), StreamWriter(handle))
          task.end(.succeeded)
        } catch {
          Self.handlerFailed(error, handle, task)
        }
      }
      return
    }
    task.startOwn {
      task.begin()
      do {
        let stream = ByteStream(handle)
        try await service.prepare?(stream)
        switch service.handler {
        case .halves(let handler): try await handler(stream.reader, stream.writer)
        case .stream(let handler): try await handler(stream)
        }
        task.end(.succeeded)
      } catch {
        Self.handlerFailed(error, handle, task)
      }
    }
  }

  @inline(never)
  private static func handlerFailed(_ error: any Error, _ handle: StreamHandle, _ task: AnyTaskHandle) {
    handle.abort()
    if !(error is CancellationError) {
      handle.transport.loop.reportFromAnywhere("a connection handler failed", error)
    }
    task.end(task.ended(by: error))
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
    isClosed = true
    if let file = file.take() { loop.driver.remove(file) }
    if let accepting { loop.cancel(accepting) } else { descriptor = nil }
    if accepting == nil { finish() }
  }

  func abortClients() {
    for client in Array(clients.values) { client.abort() }
  }

  private func finish() {
    descriptor = nil
    context = nil
    guard clients.isEmpty else { return }
    let waits = closers
    closers.removeAll()
    for wait in waits { loop.unpark(wait) }
  }

  nonisolated(nonsending) func waitClosed() async throws {
    if loop.isCurrent(for: #isolation) { return try await waitClosedHere() }
    try await loop.anchor.run { try await self.waitClosedHere() }
  }

  private nonisolated(nonsending) func waitClosedHere() async throws {
    if isClosed && accepting == nil && clients.isEmpty { return }
    let wait = loop.beginWait(WaitReason("serve", on: self))
    closers.append(wait)
    if await loop.wait(wait) == .cancelled {
      closers.removeAll { $0 == wait }
      throw CancellationError()
    }
  }
}
