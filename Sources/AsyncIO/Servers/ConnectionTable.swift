// SPDX-License-Identifier: Apache-2.0
// The connections of one listener, and what it keeps of each, in places that are used again. A connection carries its
// place, so nothing has to be looked up; it costs four words here.

import AsyncIOCore

struct ConnectionTable {
  struct Entry {
    /// Nil once it is closed.
    var transport: StreamTransport?
    /// Nil once its handler is done.
    var task: AnyTaskHandle?
    /// When it was accepted, on the loop's clock.
    var since: Int64
    /// A step before the handler waits for the peer: a TLS handshake.
    var isPreparing: Bool
    /// The server has closed it while its handler was at work.
    fileprivate(set) var wasClosed = false
    /// The server has reset it, and knows why its handler fails.
    fileprivate(set) var wasCutOff = false

    /// Whether what the handler does now is up to the peer.
    var waitsForPeer: Bool { isPreparing || transport?.waitsForPeer == true }
  }

  /// How many places an idle server keeps.
  private static let kept = 256

  private var entries: [Entry] = []
  private var marks: [ProgressMark] = []
  private var free: [Int32] = []
  private let hasMarks: Bool
  /// Connections that are not closed.
  private(set) var openCount = 0
  /// Handlers that are not done.
  private(set) var handlerCount = 0

  init(watchesProgress: Bool) { hasMarks = watchesProgress }

  /// Places that were ever in use.
  var places: Range<Int> { 0..<entries.count }

  subscript(place: Int) -> Entry { entries[place] }

  mutating func insert(
    _ transport: StreamTransport, _ task: AnyTaskHandle, at now: Int64, isPreparing: Bool
  ) -> Int32 {
    openCount += 1
    handlerCount += 1
    let entry = Entry(transport: transport, task: task, since: now, isPreparing: isPreparing)
    if let place = free.popLast() {
      entries[Int(place)] = entry
      if hasMarks { marks[Int(place)] = ProgressMark() }
      return place
    }
    entries.append(entry)
    if hasMarks { marks.append(ProgressMark()) }
    return Int32(entries.count - 1)
  }

  mutating func preparationEnded(at place: Int32) { entries[Int(place)].isPreparing = false }

  /// Notes that the server closes the connection.
  mutating func closes(_ place: Int) { entries[place].wasClosed = true }

  /// Notes that the server resets the connection.
  mutating func cutsOff(_ place: Int) { entries[place].wasCutOff = true }

  mutating func connectionClosed(at place: Int32) {
    openCount -= 1
    entries[Int(place)].transport = nil
    freeIfOver(place)
  }

  mutating func handlerEnded(at place: Int32) {
    handlerCount -= 1
    entries[Int(place)].task = nil
    freeIfOver(place)
  }

  private mutating func freeIfOver(_ place: Int32) {
    let entry = entries[Int(place)]
    guard entry.transport == nil && entry.task == nil else { return }
    if openCount == 0 && handlerCount == 0 && entries.count > Self.kept {
      // After a flood the memory goes back.
      entries = []
      marks = []
      free = []
    } else {
      free.append(place)
    }
  }

  /// Whether a connection has made no progress for too long.
  mutating func isStuck(_ place: Int, passed: Int64, rule: ProgressRule) -> Bool {
    guard let transport = entries[place].transport else { return false }
    return marks[place].isStuck(
      waits: entries[place].waitsForPeer, moved: transport.bytesReceived &+ transport.bytesSent,
      acknowledged: transport.waitsToSend ? transport.acknowledgedBytes : nil, passed: passed, rule: rule)
  }
}
