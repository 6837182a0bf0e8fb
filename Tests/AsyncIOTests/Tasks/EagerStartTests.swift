// SPDX-License-Identifier: Apache-2.0
// An eager task runs within the call that starts it, wherever that is: in a task, in a callback, in an actor.

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct EagerStartTests {
  /// The steps of an eager task and its creator, in order.
  private static let inOrder = ["eager", "creator", "eager goes on"]

  /// Starts an eager task.
  private static func start(_ log: Log) {
    createTask(eagerStart: true) {
      log.add("eager")
      try await sleep(.zero)
      log.add("eager goes on")
    }
    log.add("creator")
  }

  @Test func `a callback's eager task runs within it`() async throws {
    let loop = EventLoop.current
    let ways: [String: (@escaping @Sendable () -> Void) -> Void] = [
      "callSoon": { loop.callSoon($0) },
      "callLater": { loop.callLater(.milliseconds(1), $0) },
      "callAt": { loop.callAt(loop.time, $0) },
      "callSoonThreadsafe": { _ = try? loop.callSoonThreadsafe($0) },
      "a future's addDoneCallback": { body in
        let future = Future<Int>()
        future.addDoneCallback { _ in body() }
        future.setResult(1)
      },
      "a task's addDoneCallback": { body in createTask {}.addDoneCallback { _ in body() } },
    ]
    for (name, call) in ways {
      let log = Log()
      call { Self.start(log) }
      try await sleep(.milliseconds(10))
      #expect(log.entries == Self.inOrder, "\(name)")
    }
  }

  private actor Counter {
    var count = 0

    /// The task uses nothing of the actor.
    func startTask(_ log: Log) {
      createTask(eagerStart: true) {
        log.add("eager")
        try await sleep(.zero)
        log.add("eager goes on")
      }
      log.add("creator")
    }

    /// The task uses the actor.
    func startTaskOfItsOwn(_ log: Log) {
      createTask(eagerStart: true) {
        self.count += 1
        log.add("eager")
        try await sleep(.zero)
        log.add("eager goes on")
      }
      log.add("creator")
    }
  }

  @Test func `an actor's eager task runs within its method`() async throws {
    let counter = Counter()
    for usesActor in [false, true] {
      let log = Log()
      if usesActor { await counter.startTaskOfItsOwn(log) } else { await counter.startTask(log) }
      try await sleep(.milliseconds(1))
      #expect(log.entries == Self.inOrder, "uses the actor: \(usesActor)")
    }
    #expect(await counter.count == 1)
  }

  @Test func `an eager task of no actor stays on its loop`() async throws {
    let loop = EventLoop.current
    let counter = Counter()
    let stays = Future<[Bool]>()
    loop.callSoon {
      createTask(eagerStart: true) {
        var places = [EventLoop.current === loop]
        _ = await counter.count
        places.append(EventLoop.current === loop)
        try await sleep(.milliseconds(1))
        places.append(EventLoop.current === loop)
        stays.setResult(places)
      }
    }
    #expect(try await stays.value == [true, true, true])
  }
}
