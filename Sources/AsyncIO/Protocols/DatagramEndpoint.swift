// SPDX-License-Identifier: Apache-2.0
// Datagrams for protocols, over the transport that datagram sockets have. Sending is tried at once. Without room the
// datagram waits here, in order, and a task sends it later. So no datagram is dropped here, and the protocol is told
// when many wait.
//
// An endpoint belongs to the thread of its loop, with its protocol: see BaseProtocol. The socket's transport keeps the
// endpoint until it is closed.

public import AsyncIOCore

/// Sends the datagrams of a protocol; asyncio's `DatagramTransport`. Not Sendable: it belongs to its protocol's thread,
/// which is the loop's.
///
/// ```swift
/// final class Ping: DatagramProtocol {
///   func connectionMade(_ endpoint: DatagramEndpoint) { endpoint.send(Array("ping".utf8)) }
///   func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) { print(peer, data.count) }
/// }
/// ```
public final class DatagramEndpoint {
  private struct Waiting: Sendable {
    let bytes: [UInt8]
    let target: SocketAddress?
    /// asyncio counts a header of 8 bytes for each.
    var size: Int { bytes.count + 8 }
  }

  private let transport: DatagramTransport
  /// Keeps the socket open.
  private var socket: DatagramSocket?
  private var known: any DatagramProtocol
  private let context: RepeatedContext?
  private var waiting = Ring<Waiting>()
  /// The bytes that wait to be sent, with 8 more for each datagram; asyncio's `get_write_buffer_size`.
  public private(set) var writeBufferSize = 0
  private var isSending = false
  private var writingIsPaused = false
  private var highWater = 64 * 1024
  private var lowWater = 16 * 1024
  /// Whether the endpoint is closing or closed, by `close`, `abort` or the end of the loop; asyncio's `is_closing`.
  public private(set) var isClosing = false
  private var isLost = false

  init(_ socket: DatagramSocket, _ known: any DatagramProtocol, context: RepeatedContext?) {
    transport = socket.transport
    self.socket = socket
    self.known = known
    self.context = context
  }

  func begin() {
    call { known.connectionMade(self) }
    guard transport.isOpen else { return lose(DatagramError.closed) }
    transport.loop.tellOfEnd(self)
    unsafe transport.take(
      by: { [self] bytes, peer in unsafe deliver(bytes, peer) },
      onError: { [self] error in if error is DatagramError { lose(error) } else { call { known.errorReceived(error) } }
      })
    while !transport.queue.isEmpty, !isClosing {
      let entry = transport.queue[0]
      let bytes = transport.queue.bytes(of: entry)
      transport.queue.removeFirst()
      unsafe bytes.withUnsafeBytes { unsafe deliver($0, entry.peer ?? .unnamedUnix) }
    }
    if !isClosing { transport.resumeReceiving() }
  }

  private func deliver(_ bytes: UnsafeRawBufferPointer, _ peer: SocketAddress) {
    if isClosing { return }
    call { unsafe known.datagramReceived(bytes.bindMemory(to: UInt8.self).span, from: peer) }
  }

  private func call(_ body: () -> Void) {
    if let context { context.run(body) } else { body() }
  }

  // MARK: - Sending

  /// Sends a datagram without ever waiting. Without room the datagram is kept and sent later, in order; asyncio's
  /// `sendto`. An error goes to the protocol's `errorReceived`. An endpoint that is closing drops the datagram.
  ///
  /// - Parameter peer: The destination; nil for the peer that the socket is connected to.
  public func send(_ bytes: [UInt8], to peer: SocketAddress? = nil) {
    guard !isClosing else { return }
    if waiting.count == 0 {
      do {
        if try unsafe bytes.withUnsafeBytes({ try unsafe transport.trySend($0, to: peer) }) { return }
      } catch {
        return known.errorReceived(error)
      }
    }
    let datagram = Waiting(bytes: bytes, target: peer)
    waiting.insert(datagram)
    writeBufferSize += datagram.size
    if !writingIsPaused, writeBufferSize > highWater {
      writingIsPaused = true
      known.pauseWriting()
    }
    sendWaiting()
  }

  /// Sends a copy of lent bytes, as `send(_:to:)` of an array does.
  public func send(_ bytes: Span<UInt8>, to peer: SocketAddress? = nil) { send([UInt8](copying: bytes), to: peer) }

  /// Sets when the protocol is told to pause and to resume; see `Transport.setWriteBufferLimits`.
  public func setWriteBufferLimits(high: Int? = nil, low: Int? = nil) {
    let high = high ?? low.map { Int(clamping: Int128($0) * 4) } ?? 64 * 1024
    let low = low ?? high / 4
    require(0 <= low && low <= high, "DatagramEndpoint.setWriteBufferLimits: low is \(low) and high \(high)")
    highWater = high
    lowWater = low
  }

  private func sendWaiting() {
    guard !isSending else { return }
    isSending = true
    let box = UncheckedBox(self)
    // Without an actor, on the loop's thread: it stays there between its waits.
    Task { await box.value.sendAllThatWaits() }
  }

  private nonisolated(nonsending) func sendAllThatWaits() async {
    defer { isSending = false }
    while waiting.count > 0 {
      let next = waiting[0]
      do {
        if try unsafe next.bytes.withUnsafeBytes({ try unsafe transport.trySend($0, to: next.target) }) {
          removeNext()
        } else {
          try await transport.waitForRoom()
        }
      } catch is CancellationError {
        return lose(DatagramError.closed)
      } catch {
        removeNext()
        if !isLost { call { known.errorReceived(error) } }
      }
      if writingIsPaused, writeBufferSize <= lowWater {
        writingIsPaused = false
        call { known.resumeWriting() }
      }
    }
    if isClosing { lose(nil) }
  }

  private func removeNext() {
    if let sent = waiting.removeNext() { writeBufferSize -= sent.size }
  }

  private func dropAll() {
    waiting = Ring()
    writeBufferSize = 0
  }

  // MARK: - The end

  /// Closes the endpoint after the waiting datagrams were sent. Nothing more is received; `connectionLost(nil)`
  /// follows. asyncio's `close`.
  public func close() {
    guard !isClosing else { return }
    isClosing = true
    if waiting.count == 0 { lose(nil) }
  }

  /// Closes the endpoint at once and drops the waiting datagrams; `connectionLost(nil)` follows. asyncio's `abort`.
  public func abort() {
    isClosing = true
    dropAll()
    lose(nil)
  }

  private func lose(_ error: (any Error)?) {
    guard !isLost else { return }
    isLost = true
    isClosing = true
    dropAll()
    transport.close()
    // At the end of the loop no further turn may follow.
    if error == nil { transport.loop.callSoon { [self] in tellLoss(nil) } } else { tellLoss(error) }
  }

  private func tellLoss(_ error: (any Error)?) {
    call { known.connectionLost(error) }
    socket = nil
    // As a rule the protocol holds its endpoint: break the cycle.
    known = LostProtocol()
  }

  // MARK: - About the endpoint

  /// The socket's own address.
  public var localAddress: SocketAddress { transport.local }

  /// The peer of a connected socket; nil otherwise.
  public var peerAddress: SocketAddress? { transport.peer }
}

extension DatagramEndpoint: EndsWithLoop {
  package func loopEnds() { lose(DatagramError.closed) }
}

/// Takes the calls of an endpoint after `connectionLost`.
private final class LostProtocol: DatagramProtocol {
  func connectionMade(_ endpoint: DatagramEndpoint) {}
  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) {}
}
