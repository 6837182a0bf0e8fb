// SPDX-License-Identifier: Apache-2.0
// The connections to one origin. Idle ones are taken last in, first out, so that the surplus of a busy time ages and is
// closed. A count covers those open or being opened. Waiters queue first in, first out. A connection, or the place of a
// lost one, goes to the first waiter, never to a newcomer.
//
// A response holds the connection that it uses, and the pool. The pool holds idle connections. So nothing holds itself,
// and dropping a client closes its idle connections.
//
// Everything here belongs to the loop's thread.

import AsyncIO
import AsyncIOCore
import AsyncIOTLS
import HTTP1Codec

final class OriginPool: WaitObject {
  private final class Waiter {
    let wait: WaitID
    /// The connection handed over; nil means the place of a lost connection.
    var connection: HTTPConnection?
    init(_ wait: WaitID) { self.wait = wait }
  }

  let origin: Origin
  /// The value of the Host field.
  let authority: String
  private let loop: EventLoop
  private let configuration: HTTPClient.Configuration
  private weak var core: ClientCore?
  @exclusivity(unchecked) private var idle: [HTTPConnection] = []
  @exclusivity(unchecked) private var open = 0
  @exclusivity(unchecked) private var waiters: [Waiter] = []
  private var firstWaiter = 0
  private var timer: TimerHandle?
  /// The number of connections that are discarding a body, and will soon be idle.
  @exclusivity(unchecked) var draining = 0
  /// The number of requests that wait for those.
  @exclusivity(unchecked) private var patient = 0

  /// How long a request waits for one of those before it opens another connection.
  private static let patience: Int64 = 50_000_000

  init(_ url: HTTPURL, core: ClientCore) {
    origin = Origin(url)
    authority = url.authority
    loop = core.loop
    configuration = core.configuration
    self.core = core
  }

  deinit { timer?.cancel() }

  var waitDescription: String { authority }

  var unreadBodyTimeLimit: Duration { configuration.unreadBodyTimeLimit }

  // MARK: - Taking

  /// Returns an idle connection, a new one, or, at the limit, the first that becomes free.
  nonisolated(nonsending) func acquire(
    _ deadlines: Deadlines, phase: inout HTTPError.Phase
  ) async throws -> HTTPConnection {
    // Whether this request holds the place of a lost connection.
    var hasPlace = false
    while let connection = idle.popLast() {
      if await connection.takesRequest() {
        if hasPlace { lost() }
        return connection
      }
      connection.close()
      if hasPlace { lost() }
      hasPlace = true
    }
    if !hasPlace && patient < draining {
      patient += 1
      defer { patient -= 1 }
      let patience = loop.deadline(after: Self.patience)
      if let turn = try await waitForTurn(until: min(patience, deadlines.total)) {
        if let connection = try await use(turn) { return connection }
        hasPlace = true
      }
    }
    if !hasPlace && open < configuration.connectionsPerOrigin {
      open += 1
    } else if !hasPlace {
      phase = .waitingForConnection
      guard let turn = try await waitForTurn(until: deadlines.total) else { throw DeadlinePassed() }
      if let connection = try await use(turn) { return connection }
    }
    phase = .connecting
    return try await connect(deadlines)
  }

  /// What the waiter was given: a usable connection, or nil for a place.
  private nonisolated(nonsending) func use(_ turn: Waiter) async throws -> HTTPConnection? {
    guard let connection = turn.connection else { return nil }
    if await connection.takesRequest() { return connection }
    connection.close()
    return nil
  }

  /// Opens a connection in the place of a lost one. Gives up the place if that fails.
  nonisolated(nonsending) func connect(_ deadlines: Deadlines) async throws -> HTTPConnection {
    do {
      let (host, port) = (origin.host.text, UInt16(origin.port))
      let deadline = deadlines.toConnect(on: loop)
      if origin.scheme == .https { try await configuration.tls.load(on: loop, until: deadline) }
      let handle = try await loop.openConnection(host: host, port: port, limit: 64 * 1024, until: deadline)
      if origin.scheme == .https {
        try await configuration.tls.secure(handle.transport, host: host, port: port, until: deadline)
      }
      return HTTPConnection(handle, limits: configuration.limits)
    } catch {
      lost()
      throw error
    }
  }

  /// Waits for a turn. Returns nil at the given time of the loop's clock.
  private nonisolated(nonsending) func waitForTurn(until deadline: Int64) async throws -> Waiter? {
    let wait = loop.beginWait(WaitReason("wait for a connection to", on: self))
    let waiter = Waiter(wait)
    waiters.append(waiter)
    let outcome = await loop.wait(wait, until: deadline)
    // Waiters that gave up stay in line until their turn, and are skipped then.
    if outcome == .cancelled { throw CancellationError() }
    return outcome == .deadlinePassed ? nil : waiter
  }

  // MARK: - Giving back

  /// Takes back a connection whose response is complete.
  func release(_ connection: HTTPConnection, reusable: Bool) {
    guard reusable else {
      connection.close()
      return lost()
    }
    connection.isReused = true
    connection.upload = nil
    if handOver(connection) { return }
    connection.idleSince = loop.time.nanoseconds
    idle.append(connection)
    if timer == nil { startTimer() }
  }

  /// Notes that a connection, or an attempt to open one, is lost.
  func lost() {
    if handOver(nil) { return }
    open -= 1
    if open == 0 { core?.remove(self) }
  }

  private func handOver(_ connection: HTTPConnection?) -> Bool {
    while firstWaiter < waiters.count {
      let waiter = waiters[firstWaiter]
      firstWaiter += 1
      waiter.connection = connection
      if loop.resume(waiter.wait) {
        if firstWaiter > 32 && firstWaiter * 2 > waiters.count {
          waiters.removeFirst(firstWaiter)
          firstWaiter = 0
        }
        return true
      }
      waiter.connection = nil
    }
    waiters.removeAll(keepingCapacity: true)
    firstWaiter = 0
    return false
  }

  // MARK: - Idle connections

  func closeIdle() {
    let connections = idle
    idle = []
    for connection in connections {
      connection.close()
      lost()
    }
  }

  private func startTimer() {
    guard let oldest = idle.first else { return }
    let (due, overflow) = oldest.idleSince.addingReportingOverflow(
      configuration.idleConnectionTimeout.clampedNanoseconds)
    guard !overflow else { return }
    timer = loop.callAt(EventLoop.Instant(nanoseconds: due)) { [weak self] in self?.closeOld() }
  }

  private func closeOld() {
    timer = nil
    let latest = (loop.time - configuration.idleConnectionTimeout).nanoseconds
    let connections = idle
    idle = connections.filter { $0.isUsable && $0.idleSince > latest }
    startTimer()
    for connection in connections where !(connection.isUsable && connection.idleSince > latest) {
      connection.close()
      lost()
    }
  }
}

/// The scheme, host and port that a connection can be reused for (RFC 9110 section 4.3.1).
struct Origin: Hashable {
  let scheme: HTTPURL.Scheme
  let host: HTTPURL.Host
  let port: Int

  init(_ url: HTTPURL) {
    scheme = url.scheme
    host = url.host
    port = url.port
  }
}
