// SPDX-License-Identifier: Apache-2.0
// The connection attempts under way for one caller. Each owns its socket until the kernel has answered, whatever
// happens to the task. An attempt that is given up is cancelled, and its socket closed when the answer arrives.

import AsyncIOCore

/// A socket that connects, and its destination. A class, since a dictionary can't hold move-only values.
final class StreamSocket {
  let address: SocketAddress
  var descriptor: Descriptor?

  init(_ descriptor: consuming Descriptor, _ address: SocketAddress) {
    self.descriptor = consume descriptor
    self.address = address
  }
}

/// Connects to the first of several addresses that answers. For the loop's thread.
final class ConnectionAttempts: OperationSink, WaitObject {
  private let loop: EventLoop
  private let name: String
  /// The address to connect from; nil lets the kernel choose.
  private let local: SocketAddress?
  private var attempts: [OperationID: StreamSocket] = [:]
  private var connected: StreamSocket?
  private var failures: [SystemError] = []
  private var wait: WaitID?

  /// - Parameter name: The destination's name, for reports.
  init(to name: String, from local: SocketAddress? = nil, on loop: EventLoop) {
    self.name = name
    self.local = local
    self.loop = loop
  }

  var waitDescription: String { name }

  /// Throws `DeadlinePassed` at a time of the loop's clock.
  nonisolated(nonsending) func connect(
    toFirstOf addresses: [SocketAddress], until deadline: Int64 = .max
  ) async throws -> StreamSocket {
    var race = ConnectionRace(addresses)
    var lastError: SystemError?
    while true {
      switch race.next(now: loop.backend.now) {
      case .attempt(let address):
        do { try begin(address) } catch let error as SystemError {
          lastError = error
          race.failed()
        }
      case .giveUp:
        throw lastError ?? SystemError("connect", name, code: .noSuchFile)
      case .wait(let next):
        try await waitForOne(until: min(next, deadline), deadline)
      }
      if let connected = connected.take() {
        giveUp()
        return connected
      }
      for failure in failures {
        lastError = failure
        race.failed()
      }
      failures = []
    }
  }

  private func begin(_ address: SocketAddress) throws {
    let descriptor = Descriptor(try loop.sockets.makeSocket(for: address, from: local), of: loop.backend)
    let socket = StreamSocket(descriptor, address)
    let operation = loop.connect(socket.descriptor?.number ?? -1, to: address, sink: self)
    attempts[operation] = socket
  }

  /// Waits until an attempt has ended or a time has come; throws at the deadline.
  private nonisolated(nonsending) func waitForOne(until next: Int64, _ deadline: Int64) async throws {
    let wait = loop.beginWait(WaitReason("connect", on: self))
    self.wait = wait
    let outcome = await loop.wait(wait, until: next)
    self.wait = nil
    switch outcome {
    case .cancelled:
      giveUp()
      throw CancellationError()
    case .deadlinePassed where next == deadline:
      giveUp()
      throw DeadlinePassed()
    case .deadlinePassed, .resumed: break
    }
  }

  /// Gives up the attempts still under way. The operations keep this object, and it keeps their sockets, until they
  /// have ended.
  private func giveUp() {
    for operation in attempts.keys { loop.cancel(operation) }
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    guard let socket = attempts.removeValue(forKey: operation) else { return }
    if completion.result == 0 {
      // A second attempt that succeeds in the same turn is closed.
      if connected == nil { connected = socket }
    } else {
      failures.append(SystemError("connect", socket.address.description, result: completion.result))
    }
    if let wait { loop.resume(wait) }
  }
}
