// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Testing

@testable import AsyncIOCore

/// Both ends of a pipe, closed with it.
struct Pipe: ~Copyable {
  let input: Int32
  let output: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "pipe: errno \(errno)")
    (input, output) = (ends[0], ends[1])
  }

  deinit {
    close(input)
    close(output)
  }

  func write() {
    var byte: UInt8 = 1
    precondition(Glibc.write(output, &byte, 1) == 1, "write: errno \(errno)")
  }

  func read() {
    var byte: UInt8 = 0
    precondition(Glibc.read(input, &byte, 1) == 1, "read: errno \(errno)")
  }
}

/// Notes completions. On its loop's thread.
final class CompletionLog: OperationSink {
  var results: [Int32] = []
  var isOver = false
  var onCompletion: () -> Void = {}

  func complete(_ operation: OperationID, _ completion: Completion) {
    results.append(completion.result)
    if completion.isLast { isOver = true }
    onCompletion()
  }
}

@Suite struct PollTests {
  @Test(arguments: backends) func `a poll reports input as it comes, and a last time when it is cancelled`(
    backend: BackendKind
  ) async throws {
    try await onLoop(backend) { loop in
      let pipe = Pipe()
      let log = CompletionLog()
      log.onCompletion = { [unowned log] in if !log.isOver { pipe.read() } }
      let operation = loop.poll(pipe.input, events: UInt32(POLLIN), sink: log)
      for count in 1...100 {
        pipe.write()
        await turns(of: loop) { log.results.count == count }
        #expect(log.results[count - 1] & POLLIN != 0)
      }
      #expect(loop.statistics.operationsInFlight == 1)
      loop.cancel(operation)
      loop.cancel(operation)
      await turns(of: loop) { log.isOver }
      #expect(log.results.count == 101 && log.results[100] == -ECANCELED)
      #expect(loop.statistics.operationsInFlight == 0)
    }
  }

  @Test(arguments: backends) func `a poll for output alone reports it`(backend: BackendKind) async throws {
    try await onLoop(backend) { loop in
      let pipe = Pipe()
      let log = CompletionLog()
      let operation = loop.poll(pipe.output, events: UInt32(POLLOUT), sink: log)
      await turns(of: loop) { !log.results.isEmpty }
      #expect(log.results[0] == POLLOUT)
      loop.cancel(operation)
      await turns(of: loop) { log.isOver }
    }
  }

  @Test(arguments: backends) func `tasks that only yield keep neither timers nor input waiting`(
    backend: BackendKind
  ) async throws {
    try await onLoop(backend) { loop in
      let pipe = Pipe()
      let log = CompletionLog()
      log.onCompletion = { [unowned log] in if !log.isOver { pipe.read() } }
      let operation = loop.poll(pipe.input, events: UInt32(POLLIN), sink: log)
      for yielders in [1, 7, 100] {
        let tasks = (0..<yielders).map { _ in
          Task { while !Task.isCancelled { await loop.yield() } }
        }
        for _ in 0..<50 {
          let turn = loop.statistics.turns
          let seen = log.results.count
          pipe.write()
          await turns(of: loop) { log.results.count > seen }
          // The loop looks at the backend at least every 16 jobs, handles the completions in one more turn, and then
          // runs our job.
          #expect(loop.statistics.turns - turn <= 16 + 3)
          let sleeper = Task { try await loop.sleep(.nanoseconds(1)) }
          let sleepTurn = loop.statistics.turns
          try await sleeper.value
          #expect(loop.statistics.turns - sleepTurn <= 16 + 5)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
      }
      loop.cancel(operation)
      await turns(of: loop) { log.isOver }
    }
  }

  @Test(arguments: backends) func `the end of a loop ends the operations in flight`(backend: BackendKind) async throws {
    let pipe = Pipe()
    let (input, log) = (pipe.input, CompletionLog())
    let thread = try makeLoop(backend)
    nonisolated(unsafe) let sink = log  // Used by the loop's thread, and here after that thread's end.
    let _: Bool = await thread.loop.callbacks { loop, finish in
      _ = loop.poll(input, events: UInt32(POLLIN), sink: sink)
      finish(true)
    }
    await thread.end()
    #expect(log.results == [-ECANCELED] && log.isOver)
  }
}
