// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Dispatch
import Glibc
import Testing

private struct Failure: Error, Equatable {}

@Suite struct ThreadPoolTests {
  @Test(.virtualTime) func `a future has the result or the error`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 2)
    #expect(try await pool.submit { 6 * 7 }.value == 42)
    await #expect(throws: Failure()) { try await pool.submit { throw Failure() }.value }
    await pool.shutdown()
  }

  @Test(.virtualTime) func `map keeps the order`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 3)
    #expect(try await pool.map(0..<1000) { $0 * $0 } == (0..<1000).map { $0 * $0 })
    #expect(try await pool.map([Int](), chunkSize: 1) { $0 } == [])
    #expect(try await pool.map(["a", "bc"], chunkSize: 7) { $0.count } == [1, 2])
    await pool.shutdown()
  }

  @Test(.virtualTime) func `an error in map ends it`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 1)
    let calls = Log()
    await #expect(throws: Failure()) {
      _ = try await pool.map(0..<100, chunkSize: 1) { number in
        calls.add("\(number)")
        if number == 2 { throw Failure() }
        return number
      }
    }
    #expect(calls.entries == ["0", "1", "2"])
    await pool.shutdown()
  }

  @Test(.virtualTime) func `functions are served in the order in which they came`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 1)
    let mayBegin = DispatchSemaphore(value: 0)
    let order = Log()
    let first = pool.submit { mayBegin.wait() }
    let others = (0..<50).map { number in pool.submit { order.add("\(number)") } }
    mayBegin.signal()
    try await first.value
    for other in others { try await other.value }
    #expect(order.entries == (0..<50).map { "\($0)" })
    await pool.shutdown()
  }

  @Test(.virtualTime) func `a cancelled future does not start`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 1)
    let mayBegin = DispatchSemaphore(value: 0)
    let order = Log()
    let first = pool.submit { mayBegin.wait() }
    let others = (0..<200).map { number in pool.submit { order.add("\(number)") } }
    for number in 0..<200 where number != 150 { others[number].cancel() }
    #expect("\(pool)".contains("1 in line"))
    mayBegin.signal()
    try await first.value
    try await others[150].value
    #expect(order.entries == ["150"])
    await pool.shutdown()
  }

  @Test(.virtualTime) func `a pool that is shut down refuses`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 1, name: "render")
    let mayBegin = DispatchSemaphore(value: 0)
    let first = pool.submit { mayBegin.wait() }
    let second = pool.submit { 2 }
    await pool.shutdown(wait: false, cancelPending: true)
    #expect(second.isCancelled)
    let refused = await #expect(throws: ExecutorError.self) { try await pool.submit { 3 }.value }
    #expect("\(refused!)" == "executor \"render\": it was shut down")
    mayBegin.signal()
    await pool.shutdown()
    #expect(first.isDone)
    #expect("\(pool)".contains("0 of 1 threads"))
  }

  @Test(.virtualTime) func `a full line refuses`() async throws {
    let pool = ThreadPoolExecutor(maxWorkers: 1, name: "short", pendingLimit: 2)
    let mayBegin = DispatchSemaphore(value: 0)
    let futures = (0..<3).map { _ in pool.submit { mayBegin.wait() } }
    let refused = await #expect(throws: ExecutorError.self) { try await pool.submit {}.value }
    #expect("\(refused!)" == "executor \"short\": 2 functions stand in line already")
    for _ in futures { mayBegin.signal() }
    for future in futures { try await future.value }
    await pool.shutdown()
  }

  @Test(.virtualTime) func `the initializer runs on each thread`() async throws {
    let runs = Log()
    let pool = ThreadPoolExecutor(maxWorkers: 2, initializer: { runs.add("thread") })
    let both = DispatchSemaphore(value: 0)
    let other = DispatchSemaphore(value: 0)
    let first = pool.submit {
      both.signal()
      other.wait()
    }
    let second = pool.submit {
      other.signal()
      both.wait()
    }
    _ = try await (first.value, second.value)
    #expect(runs.entries.count == 2)
    await pool.shutdown()
  }

  @Test(.virtualTime) func `an initializer that fails fails the function`() async throws {
    let attempts = Log()
    let pool = ThreadPoolExecutor(
      maxWorkers: 1, name: "broken",
      initializer: {
        attempts.add("")
        if attempts.entries.count < 3 { throw Failure() }
      })
    let error = await #expect(throws: ExecutorError.self) { try await pool.submit { 1 }.value }
    #expect("\(error!)" == "executor \"broken\": its initializer failed: Failure()")
    await #expect(throws: ExecutorError.self) { try await EventLoop.current.runInExecutor(pool) { 1 } }
    #expect(try await pool.submit { 1 }.value == 1)
    await pool.shutdown()
  }

  @Test(.virtualTime) func `a forgotten pool ends its threads`() async throws {
    let future = ThreadPoolExecutor(maxWorkers: 1).submit { 5 }
    #expect(try await future.value == 5)
  }

  @Test(.virtualTime) func `runInExecutor takes the pool, or that of toThread`() async throws {
    let loop = EventLoop.current
    let pool = ThreadPoolExecutor(maxWorkers: 1, name: "named")
    @Sendable func threadName() -> String {
      var name = [UInt8](repeating: 0, count: 16)
      // glibc hides pthread_getname_np.
      let descriptor = open("/proc/thread-self/comm", O_RDONLY)
      let count = read(descriptor, &name, name.count)
      close(descriptor)
      return String(decoding: name.prefix(max(0, count - 1)), as: UTF8.self)
    }
    #expect(try await loop.runInExecutor(pool) { threadName() } == "named")
    #expect(try await loop.runInExecutor(nil) { threadName() } == "asyncio-thread")
    await pool.shutdown()
  }
}
