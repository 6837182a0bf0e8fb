// SPDX-License-Identifier: Apache-2.0
// One connection of a server: what its requests reuse, and the exchange that is going on. A connection has one task,
// which reads a head, calls the handler, and goes on with the next head. Answers are written into `held`, and leave at
// once; if more requests have arrived already, they leave together, see HTTP1ServerConnection+Answers.
//
// A handler gets values that name the connection and the number of the exchange. So nothing is allocated for them, and
// a value that outlives its exchange is recognised.
//
// Everything here belongs to the loop's thread; the public types see to that.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

final class HTTP1ServerConnection: TransportWatcher, @unchecked Sendable {
  // Sendable: see the head of the file.

  /// What the connection waits for, which decides what its deadline means.
  enum Phase: UInt8 {
    /// The first byte of a request.
    case idle
    /// The rest of a head.
    case head
    /// The handler is at work. The rates count.
    case handling
    /// The last bytes are leaving.
    case closing
  }

  enum Answer: UInt8 {
    case none, streaming, complete
    /// The stream is the handler's.
    case switched
    /// It can't be completed any more: the client must see that.
    case broken
  }

  let handle: StreamHandle
  let transport: StreamTransport
  let server: HTTPServerLoop
  @exclusivity(unchecked) var parser: HTTP1RequestParser
  /// The index in the loop's list.
  @exclusivity(unchecked) var place = 0
  @exclusivity(unchecked) private var task: AnyTaskHandle?

  /// The client that a proxy has named by the PROXY protocol.
  @exclusivity(unchecked) private(set) var client: SocketAddress?

  // Deadlines: HTTP1ServerConnection+Limits.
  @exclusivity(unchecked) var phase = Phase.idle
  @exclusivity(unchecked) var deadline = Int64.max
  /// The status of the refusal, once a time limit was hit; 0 for none, which ends an idle connection.
  @exclusivity(unchecked) var expiry: Int?
  @exclusivity(unchecked) var inputMark = ProgressMark()
  @exclusivity(unchecked) var outputMark = ProgressMark()

  // The exchange.
  /// The number of the request on this connection; the first is 1.
  @exclusivity(unchecked) var number = 0
  @exclusivity(unchecked) var isInExchange = false
  @exclusivity(unchecked) var head: HTTP1RequestHead?
  @exclusivity(unchecked) var answer = Answer.none
  @exclusivity(unchecked) var status = 0
  /// Whether another request may follow.
  @exclusivity(unchecked) var keepsAlive = true
  @exclusivity(unchecked) var writer: HTTP1MessageWriter?
  @exclusivity(unchecked) var bodySent = 0
  @exclusivity(unchecked) var began: Int64 = 0
  /// What went wrong, for the log.
  @exclusivity(unchecked) var failure: String?
  /// The request's identifier, once somebody has asked.
  @exclusivity(unchecked) var id: String?

  // The request's body: HTTP1ServerConnection+Body.
  @exclusivity(unchecked) var bodyLimit: Int?
  @exclusivity(unchecked) var bodyCount = 0
  @exclusivity(unchecked) var hasBegunBody = false
  @exclusivity(unchecked) var trailers: HTTPFields?

  // Output that waits: HTTP1ServerConnection+Answers.
  @exclusivity(unchecked) var held: [UInt8] = []
  @exclusivity(unchecked) var flushIsScheduled = false
  /// Where the head of a streamed response begins in `held`, while nothing of it has left.
  @exclusivity(unchecked) var retractable: Int?
  /// Fields that the handler has set before it answers.
  @exclusivity(unchecked) var extraFields: HTTPFields?

  // What is told of the connection's end: HTTP1ServerConnection+Endings.
  @exclusivity(unchecked) var endings: HTTPConnectionEndings?

  init(_ handle: StreamHandle, _ server: HTTPServerLoop) {
    self.handle = handle
    transport = handle.transport
    self.server = server
    parser = HTTP1RequestParser(limits: server.headLimits)
    bodyLimit = server.limits.bodySize
  }

  // MARK: - Serving

  /// Serves requests until the connection's end. In the handler's isolation, if that is the loop's.
  func serve(isolation: isolated (any Actor)?) async {
    task = currentTask
    client = server.takeClient(of: transport)
    transport.watcher = self
    server.add(self)
    do {
      while let head = try await nextHead() {
        begin(head)
        if head.expectsTheUnknown {
          refuse(417, "the client expects what this server doesn't know")
        } else {
          let handler = server.handler
          do {
            try await handler(HTTPServerRequest(head, self, number), HTTPServerResponse(self, number))
          } catch { handlerFailed(error) }
        }
        guard await endExchange() else { break }
      }
    } catch let error as HTTP1Error {
      refuse(Refusals.status(of: error.kind), "\(error)")
    } catch {
      // The connection was lost, or its task cancelled: there is nobody to tell.
      if !(error is CancellationError) { DebugMode.log("a connection was lost: \(error)") }
    }
    await end()
  }

  private nonisolated(nonsending) func end() async {
    if answer == .broken { transport.abort() } else { flush() }
    phase = .closing
    transport.close()
    try? await transport.waitClosed()
    transport.watcher = nil
    server.remove(self)
    server.giveBuffer(&held)
  }

  // MARK: - Heads

  /// The next request's head; nil when there will be none.
  private nonisolated(nonsending) func nextHead() async throws -> HTTP1RequestHead? {
    try await transport.loop.spendBudget()
    if parser.hasEnded { parser.startNext() }
    while true {
      if transport.unreadCount > 0, let head = try parseHead() { return head }
      if transport.inputIsOver {
        inputIsOver()
        return nil
      }
      beginWaiting()
      try await transport.waitForInput(1)
    }
  }

  @inline(never)
  private func beginWaiting() {
    flush()
    startHeadTime()
  }

  /// There will be no more heads, and no more of this one.
  @inline(never)
  private func inputIsOver() {
    if let expiry {
      if expiry > 0 { refuse(expiry, "the head took too long (HTTPServerLimits.headTime)") }
    } else if transport.inputError == nil && !parser.isIdle {
      // A client that ends its stream within a head may still read why.
      refuse(400, "the client ended its stream within the head")
    }
  }

  /// Never inlined, as all that works without a wait here: its values would be in the frame of an async function, which
  /// an idle connection keeps.
  @inline(never)
  private func parseHead() throws -> HTTP1RequestHead? {
    var found: HTTP1RequestHead?
    try transport.withUnread { bytes in
      var offset = 0
      while let event = try parser.next(in: bytes, at: &offset) {
        guard case .head(let head) = event else { break }
        found = head
        // A request without a body has ended: the parser is asked to say so.
        if head.framing != .none { break }
      }
      return offset
    }
    return found
  }

  @inline(never)
  private func begin(_ head: HTTP1RequestHead) {
    number += 1
    server.counts.requests += 1
    self.head = head
    phase = .handling
    isInExchange = true
    answer = .none
    keepsAlive = true
    bodyCount = 0
    hasBegunBody = false
    if trailers != nil { trailers = nil }
    // An event stream that failed before its first byte has left a connection that goes on.
    if endings != nil { endEvents() }
    if extraFields != nil { extraFields = nil }
    if bodyLimit != server.limits.bodySize { bodyLimit = server.limits.bodySize }
    inputMark = ProgressMark()
    if server.options.accessLog != nil { began = transport.loop.time.nanoseconds }
    if failure != nil { failure = nil }
    if id != nil { id = nil }
  }

  // MARK: - The end of an exchange

  /// Completes what the handler has left open. Returns whether another request may follow.
  private nonisolated(nonsending) func endExchange() async -> Bool {
    if answer == .none { handlerForgot() }
    isInExchange = false
    log()
    head = nil
    guard answer == .complete, keepsAlive else { return false }
    if !parser.hasEnded { return await dropRest() }
    return true
  }

  // MARK: - TransportWatcher

  func inputEnded() {
    guard isInExchange else { return }
    guard let loss = transport.inputError else {
      // The client has ended its own stream, and can still read the answer.
      endings?.clientHasEnded()
      return
    }
    // A client that was too slow is told of by what the handler waits for.
    if !(loss is HTTPServerError) { task?.cancel("the client has gone") }
  }

  func serverShutsDown() { endings?.serverShutsDown() }
}
