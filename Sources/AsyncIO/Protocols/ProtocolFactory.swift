// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Makes the protocol of a connection. It belongs to the actor where it is written, if there is one: see BaseProtocol.
public typealias ProtocolFactory<Known> = @Sendable @isolated(any) () -> Known

/// A factory to be called on the thread of a loop.
struct LoopFactory: @unchecked Sendable {
  // Sendable: `make` is called on the thread of a loop that the factory's actor stays with, which `init` and the users
  // see to; without an actor the factory was Sendable to begin with.
  private let make: () -> any BaseProtocol
  let isMainActors: Bool

  /// - Parameter loop: Whose connections the protocols will have; nil if that is not known yet.
  init<Known: BaseProtocol>(
    _ factory: @escaping ProtocolFactory<Known>, on loop: EventLoop?, for function: StaticString
  ) {
    isMainActors = factory.isolation != nil
    let make = Self.expect(factory, on: loop, for: function)
    self.make = { make() }
  }

  func callAsFunction() -> any BaseProtocol { make() }

  /// The factory as a function to be called on the loop's thread; ends the process if that can't be.
  static func expect<Known: AnyObject>(
    _ factory: @escaping ProtocolFactory<Known>, on loop: EventLoop?, for function: StaticString
  ) -> () -> Known {
    let belongs =
      factory.isolation.map { actor in loop.map { $0.isCurrent(for: actor) } ?? (actor === MainActor.shared) } ?? true
    require(
      belongs,
      """
      EventLoop.\(function): a protocol is called on the loop's thread, so what makes it can't be of another actor's; \
      call this on the main actor in EventLoop.run, or with a factory that is of no actor
      """)
    // Safe: the same function without the promise to be called on its actor, which is kept here: the loop's thread runs
    // nothing else, and an actor of the loop's, as the main actor is of the main loop's, runs nowhere else.
    return unsafeBitCast(factory, to: (() -> Known).self)
  }
}

extension EventLoop {
  /// Connects a protocol to the stream. Returns when `connectionMade` was called. On the loop's thread.
  nonisolated(nonsending) func begin(_ handle: StreamHandle, _ known: any BaseProtocol) async throws -> Transport {
    if isClosed { throw EventLoopError.closed }
    let transport = Transport(handle, Transport.Receiver(known), context: .capture())
    do { try handle.transport.install(transport) } catch {
      handle.abort()
      throw error
    }
    tellOfEnd(transport)
    let wait = beginWait(WaitReason("begin", on: handle.transport))
    callSoon {
      transport.begin()
      self.resume(wait)
    }
    // Not to be cancelled: a protocol that was made is told so, and then that its connection is lost.
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
    if stream.state == .open { watchReader() }
    inputChanged()
  }
}
