// SPDX-License-Identifier: Apache-2.0
// Tasks, futures, scopes, shields and callbacks that several loops, and tasks outside of loops, use and cancel at once.
// The tests check that all get through, that each end is reported exactly once, and that everything is released. Under
// the thread sanitizer (`make stress`) they also check that a task which learns of an end sees earlier writes.

import AsyncIO
import AsyncIOTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct TaskStressTests {
  private static let rounds = 100

  private struct Failure: Error {
    var number: Int
  }

  @Test func `everyone learns once how a future was settled`() async throws {
    let futures = (0..<Self.rounds).map { _ in Future<[Int]>() }
    let settled = Tally()
    let told = Tally()
    try await fromEverywhere { number in
      for (round, future) in futures.enumerated() {
        let callback = Future<Void>()
        future.addDoneCallback { future in
          told.add(future.isDone ? 1 : 0)
          callback.setResult(())
        }
        switch (round + number) % 7 {
        case 0: if future.trySetResult([round, number]) { settled.add(1) }
        case 1: if future.trySetException(Failure(number: round)) { settled.add(1) }
        case 2: if future.cancel("\(number)") { settled.add(1) }
        default: break
        }
        do {
          let value = try await shield(future)
          #expect(value.first == round)
        } catch let error as Failure {
          #expect(error.number == round)
        } catch {
          #expect(future.isCancelled && future.cancelReason != nil)
        }
        try await callback.value
      }
    }
    #expect(settled.value == Self.rounds)
    #expect(told.value == Self.rounds * everywhere)
  }

  @Test func `a task may be cancelled awaited and looked at from anywhere while it ends`() async throws {
    let handles = Mutex<[TaskHandle<[Int]>]>([])
    let ended = Tally()
    let begun = Tally()
    try await fromEverywhere { number in
      for round in 0..<Self.rounds {
        let name = "\(number) \(round)"
        let task = createTask(name: name, eagerStart: round % 4 == 0) { () -> [Int] in
          defer { ended.add(1) }
          begun.add(1)
          if round % 3 == 0 { try await sleep(.zero) }
          if round % 5 == 0 { throw Failure(number: round) }
          return [number, round]
        }
        let other = handles.withLock { handles in
          handles.append(task)
          return handles[(handles.count * 7 + round) % handles.count]
        }
        if round % 2 == 0 { other.cancel(name) }
        _ = (other.description, other.waitsFor, other.cancelReason?.description)
        other.name = name
        if other.isDone {
          switch other.result! {
          case .success(let value): #expect(value.count == 2 && other.error == nil)
          case .failure(let error): #expect(other.isCancelled == (error is CancellationError))
          }
        }
        _ = try? await shield(other)
        _ = try? await task.value
        #expect(task.isDone && !EventLoop.current.allTasks.contains { $0 === task })
      }
    }
    #expect(begun.value == everywhere * Self.rounds)
    #expect(ended.value == begun.value)
  }

  @Test func `a task scope waits for the tasks that others start in it`() async throws {
    for round in 0..<10 {
      let running = Tally()
      let begun = Tally()
      do {
        try await withTaskScope { scope in
          try await fromEverywhere { number in
            for step in 0..<20 {
              scope.createTask(eagerStart: step % 2 == 0) {
                begun.add(1)
                running.add(1)
                defer { running.add(-1) }
                if step % 3 == 0 { try await sleep(.microseconds(step)) }
                if round % 3 == 1 && number == 5 && step == 10 { throw Failure(number: round) }
              }
              if round % 3 == 2 && number == 9 && step == 10 { scope.cancel() }
              if step % 5 == 0 { try? await sleep(.zero) }
            }
          }
        }
        #expect(round % 3 != 1)
      } catch let group as ErrorGroup {
        #expect(round % 3 == 1 && group.errors(of: Failure.self).count == 1)
      }
      #expect(running.value == 0)
      #expect(begun.value <= everywhere * 20)
    }
  }

  @Test func `a scope may be cancelled and moved from anywhere while it ends`() async throws {
    let scopes = Mutex<[CancelScope]>([])
    let ended = Tally()
    try await fromEverywhere { number in
      for round in 0..<Self.rounds {
        let value: Int? = try await withCancelScope { scope in
          let other = scopes.withLock { scopes in
            scopes.append(scope)
            return scopes[(scopes.count * 5 + number) % scopes.count]
          }
          switch round % 4 {
          case 0: other.cancel("\(number)")
          case 1: other.reschedule(after: .microseconds(number))
          case 2: other.reschedule(after: .zero)
          default: other.reschedule(at: nil)
          }
          try await withTimeout(.seconds(60)) { try await sleep(.microseconds(round % 3)) }
          return round
        }
        #expect(value == nil || value == round)
        ended.add(1)
      }
    }
    #expect(ended.value == everywhere * Self.rounds)
    for scope in scopes.withLock({ $0 }) { #expect(!scope.cancel()) }
  }

  @Test func `what is shielded comes to its end, whatever cancels its caller`() async throws {
    let begun = Tally()
    let ended = Tally()
    try await fromEverywhere { number in
      for round in 0..<Self.rounds {
        _ = await inCancelledTask {
          try await shield {
            begun.add(1)
            try await sleep(.microseconds(round % 4))
            try await withTaskScope { scope in
              scope.createTask { try await sleep(.zero) }
            }
            ended.add(1)
          }
        }
      }
    }
    #expect(begun.value == everywhere * Self.rounds)
    #expect(ended.value == begun.value)
  }

  @Test func `a callback is called or cancelled and released either way`() async throws {
    final class Captured: Sendable {
      let alive: Tally
      init(_ alive: Tally) {
        self.alive = alive
        alive.add(1)
      }
      deinit { alive.add(-1) }
    }
    let alive = Tally()
    let loops = Mutex<[EventLoop]>([])
    try await fromEverywhere { number in
      let here = EventLoop.current
      loops.withLock { $0.append(here) }
      for round in 0..<Self.rounds {
        let loop = loops.withLock { $0[round % $0.count] }
        let object = Captured(alive)
        let called = Future<Void>()
        // The loop of another task may have ended by now.
        let handle = try? loop.callSoonThreadsafe {
          called.trySetResult(())
          withExtendedLifetime(object) {}
        }
        if round % 2 == 0 { handle?.cancel() }
        if round % 3 == 0 { try await sleep(.zero) }
        if loop === here && handle?.isCancelled == false { try await called.value }
      }
    }
    #expect(alive.highest > 0)
    loops.withLock { $0 = [] }
    #expect(alive.value == 0)
  }

  /// Changed by one actor that tasks on all loops call, within scopes that inherit its isolation.
  private actor Account {
    private var balance = 0
    private var isInside = false

    func deposit() async throws -> Int {
      try await withTimeout(.seconds(60)) {
        self.assertIsolated()
        change()
        try await sleep(.zero)
        self.assertIsolated()
        change()
        try await withTaskScope { scope in
          scope.createTask {
            self.change()
            try await sleep(.zero)
            self.change()
          }
          change()
        }
        return balance
      }
    }

    private func change() {
      #expect(!isInside)
      isInside = true
      balance += 1
      isInside = false
    }

    var total: Int { balance }
  }

  @Test func `code in a scope stays with its actor`() async throws {
    let account = Account()
    // An actor without an executor runs on any of the loops, and its callers wait there. So all loops stay until the
    // last task has ended.
    let barrier = Barrier(parties: everywhere)
    try await fromEverywhere { _ in
      for _ in 0..<Self.rounds { _ = try await account.deposit() }
      _ = try await barrier.wait()
    }
    #expect(await account.total == everywhere * Self.rounds * 5)
  }

  /// Its tasks continue after their waits on the thread where the actor then runs.
  private actor Exchange {
    private var lines = 0

    func echo(_ line: String, _ reader: StreamReader, _ writer: StreamWriter) async throws -> Bool {
      try await writer.write(line + "\n")
      let answer = try await reader.readLine()
      lines += 1
      return answer == line
    }

    var total: Int { lines }
  }

  @Test func `streams of all loops may be used by one actor`() async throws {
    let exchange = Exchange()
    let barrier = Barrier(parties: everywhere)
    try await fromEverywhere { number in
      let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        while let line = try await reader.readLine(strippingNewline: false) { try await writer.write(line) }
      }
      let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
      for round in 0..<50 { #expect(try await exchange.echo("\(number) \(round)", reader, writer)) }
      try await writer.close()
      server.close()
      try await server.waitClosed()
      _ = try await barrier.wait()
    }
    #expect(await exchange.total == everywhere * 50)
  }
}
