// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Makes the protocol of a connection. It belongs to the actor where it is written, if there is one: see BaseProtocol.
public typealias ProtocolFactory<Known> = @Sendable @isolated(any) () -> Known

/// A factory to be called on the thread of a loop.
struct LoopFactory: @unchecked Sendable {
  // Sendable: `make` is called on the thread of a loop that the factory's actor stays with; `init` and the users ensure
  // that. A factory without an actor was Sendable to begin with.
  private let make: () -> any BaseProtocol
  let isMainActors: Bool

  /// - Parameter loop: The loop of the protocols' connections; nil if it isn't known yet.
  init<Known: BaseProtocol>(
    _ factory: @escaping ProtocolFactory<Known>, on loop: EventLoop?, for function: StaticString
  ) {
    isMainActors = factory.isolation != nil
    let make = Self.expect(factory, on: loop, for: function)
    self.make = { make() }
  }

  func callAsFunction() -> any BaseProtocol { make() }

  /// The factory as a function for the loop's thread. Traps if its actor is another's.
  static func expect<Known: AnyObject>(
    _ factory: @escaping ProtocolFactory<Known>, on loop: EventLoop?, for function: StaticString
  ) -> () -> Known {
    let belongs =
      factory.isolation.map { actor in loop.map { $0.isCurrent(for: actor) } ?? (actor === MainActor.shared) } ?? true
    require(
      belongs,
      """
      EventLoop.\(function): a protocol is called on the loop's thread, so its factory can't belong to another actor; \
      call this on the main actor in EventLoop.run, or with a factory without an actor
      """)
    // Safe: this is the factory's function without the promise to be called on its actor, which is kept here. The
    // loop's thread runs nothing else, and an actor of the loop's, such as the main actor of the main loop, runs
    // nowhere else.
    return unsafe unsafeBitCast(factory, to: (() -> Known).self)
  }
}

extension EventLoop {
  /// Connects a protocol to the stream. Returns when `connectionMade` has been called. On the loop's thread.
  nonisolated(nonsending) func begin(_ handle: StreamHandle, _ known: any BaseProtocol) async throws -> Transport {
    if isClosed { throw EventLoopError.closed }
    let transport = Transport(handle, Transport.Receiver(known), context: .capture())
    do { try handle.transport.install(transport, for: "connect a protocol to") } catch {
      handle.abort()
      throw error
    }
    tellOfEnd(transport)
    let wait = beginWait(WaitReason("begin", on: handle.transport))
    callSoon {
      transport.begin()
      self.resume(wait)
    }
    // Not to be cancelled: a protocol that was made is told so, and later that its connection is lost.
    await waitUninterrupted(wait)
    return transport
  }
}

extension Transport {
  func begin() {
    call {
      receiver.base.connectionMade(self)
      hasBegun = true
    }
    if !stream.isClosing { watchReader() }
    inputChanged()
  }
}
