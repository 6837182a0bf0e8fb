// SPDX-License-Identifier: Apache-2.0
// What the connections of one server on one loop share: the text of Date, memory for output, the counts, and the sweep
// that looks at all their deadlines. One timer a loop: a request costs none.
//
// Everything here belongs to the loop's thread.

import AsyncIO
import AsyncIOCore
import Glibc
import HTTP1Codec
import HTTPSemantics
import Synchronization

/// What all loops of a server share.
final class HTTPServerCore: Sendable {
  let handler: HTTPHandler
  let limits: HTTPServerLimits
  let options: HTTPServerOptions
  let isSecure: Bool
  private let loops = Mutex<[HTTPServerLoop]>([])

  init(_ handler: @escaping HTTPHandler, _ limits: HTTPServerLimits, _ options: HTTPServerOptions, isSecure: Bool) {
    limits.expectSense()
    options.expectSense()
    self.handler = handler
    self.limits = limits
    self.options = options
    self.isSecure = isSecure
  }

  /// This server's part on a loop, on the loop's thread.
  func part(on loop: EventLoop) -> HTTPServerLoop {
    loops.withLock { loops in
      if let part = loops.first(where: { $0.loop === loop }) { return part }
      let part = HTTPServerLoop(self, loop)
      loops.append(part)
      return part
    }
  }

  var parts: [HTTPServerLoop] { loops.withLock { $0 } }

  /// Serves a connection until its end.
  func serve(_ handle: StreamHandle) async {
    let part = part(on: handle.transport.loop)
    let connection = HTTP1ServerConnection(handle, part)
    // A handler of the main actor costs no hop if the whole connection is served there.
    let isolation = handler.isolation
    if handle.isCurrent(for: isolation) {
      await connection.serve(isolation: isolation)
    } else {
      await connection.serve(isolation: nil)
    }
  }
}

final class HTTPServerLoop: EndsWithLoop, @unchecked Sendable {
  // Sendable: see the head of the file.

  /// Connections that one turn looks at.
  private static let connectionsAStep = 4096
  private static let keptBuffers = 64
  private static let largestKeptBuffer = 64 * 1024

  let loop: EventLoop
  let handler: HTTPHandler
  let limits: HTTPServerLimits
  let options: HTTPServerOptions
  let isSecure: Bool
  let headLimits: HTTP1Limits
  let headTime: Int64
  let idleTime: Int64
  let rule: ProgressRule?
  private let period: Int64

  @exclusivity(unchecked) var counts = HTTPServerCounts()
  @exclusivity(unchecked) private(set) var connections: [HTTP1ServerConnection] = []
  @exclusivity(unchecked) private var sweep: TimerHandle?
  @exclusivity(unchecked) private var spare: [[UInt8]] = []
  @exclusivity(unchecked) private var dateLine: [UInt8] = []
  @exclusivity(unchecked) private var usualHead: [UInt8] = []
  /// Until when the text is right, on the loop's clock.
  @exclusivity(unchecked) private var dateEnd = Int64.min
  /// Field lines of every response.
  let lines: [UInt8]
  /// The same for a text.
  let textLines: [UInt8]
  @exclusivity(unchecked) private var hasEnded = false
  /// The clients that proxies have named, until their connections are served.
  @exclusivity(unchecked) private var namedClients: [ObjectIdentifier: SocketAddress] = [:]

  init(_ core: HTTPServerCore, _ loop: EventLoop) {
    self.loop = loop
    handler = core.handler
    limits = core.limits
    options = core.options
    isSecure = core.isSecure
    headLimits = limits.ofHeads
    headTime = limits.headTime?.clampedNanoseconds ?? .max
    idleTime = limits.idleTime?.clampedNanoseconds ?? .max
    rule = limits.leastRate.map { rate in
      let time = core.limits.rateGrace.clampedNanoseconds
      let (bytes, overflow) = rate.multipliedReportingOverflow(by: Int(max(1, time / 1_000_000)))
      return ProgressRule(atLeast: overflow ? .max : bytes / 1000, in: time)
    }
    let shortest = min(headTime, idleTime, rule?.time ?? .max)
    period = max(1_000_000, min(1_000_000_000, shortest / 8))
    lines = options.serverName.map { Array("Server: \($0)\r\n".utf8) } ?? []
    textLines = lines + Array("Content-Type: text/plain; charset=utf-8\r\n".utf8)
    loop.tellOfEnd(self)
  }

  // MARK: - Connections

  func add(_ connection: HTTP1ServerConnection) {
    connection.place = connections.count
    connections.append(connection)
    startSweeping()
  }

  func remove(_ connection: HTTP1ServerConnection) {
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.place] = last
      last.place = connection.place
    }
  }

  /// Notes the client of a connection that a proxy has opened.
  func note(_ client: SocketAddress, of transport: StreamTransport) {
    namedClients[ObjectIdentifier(transport)] = client
  }

  func takeClient(of transport: StreamTransport) -> SocketAddress? {
    namedClients.isEmpty ? nil : namedClients.removeValue(forKey: ObjectIdentifier(transport))
  }

  private func startSweeping() {
    guard sweep == nil, !hasEnded else { return }
    let begin = loop.time.nanoseconds
    sweep = loop.callLater(.nanoseconds(period)) { [unowned self] in
      look(from: 0, passed: min(2 * period, loop.time.nanoseconds - begin))
    }
  }

  /// - Parameter passed: Nanoseconds since the last look. A late one found a loop that was busy, and counts no more
  ///   than two periods.
  private func look(from first: Int, passed: Int64) {
    let now = loop.time.nanoseconds
    let end = min(first + Self.connectionsAStep, connections.count)
    var index = first
    while index < min(end, connections.count) {
      connections[index].look(at: now, passed: passed)
      index += 1
    }
    if end < connections.count {
      loop.callSoon { [self] in look(from: end, passed: passed) }
    } else {
      sweep = nil
      if !connections.isEmpty { startSweeping() }
    }
  }

  func loopEnds() {
    hasEnded = true
    sweep.take()?.cancel()
  }

  // MARK: - Output

  /// An empty array with memory of an earlier response.
  @inline(__always)
  func takeBuffer() -> [UInt8] { spare.popLast() ?? [] }

  /// Takes the memory back.
  @inline(__always)
  func giveBuffer(_ buffer: inout [UInt8]) {
    if spare.count < Self.keptBuffers && buffer.capacity <= Self.largestKeptBuffer {
      buffer.removeAll(keepingCapacity: true)
      spare.append(buffer)
    }
    buffer = []
  }

  /// The head of a text with the status 200 up to its length, made once a second.
  @inline(__always)
  var textHead: [UInt8] {
    let now = loop.time.nanoseconds
    if now >= dateEnd { makeDate(now) }
    return usualHead
  }

  /// The field line `Date`, made once a second.
  @inline(__always)
  var date: [UInt8] {
    let now = loop.time.nanoseconds
    if now >= dateEnd { makeDate(now) }
    return dateLine
  }

  @inline(never)
  private func makeDate(_ now: Int64) {
    // On the thread of a virtual loop this clock is virtual, too.
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    dateLine = Array("Date: \(HTTPDate(secondsSinceEpoch: Int64(time.tv_sec)))\r\n".utf8)
    usualHead = Array("HTTP/1.1 200 OK\r\n".utf8) + dateLine + textLines + Array("Content-Length: ".utf8)
    dateEnd = now + Int64(1_000_000_000 - time.tv_nsec)
  }
}
