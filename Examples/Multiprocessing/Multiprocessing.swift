// SPDX-License-Identifier: Apache-2.0
// The classic of work for the CPU in asyncio: a multiprocessing pool behind an executor. In Python, `pool.map` blocks,
// so it needs a thread of the default executor. Here `map` is `async`, and nothing needs to be guarded by
// `__name__ == "__main__"`: a worker never comes to `main`.
//
// Swift's threads compute in parallel. `pool.map` of a `ThreadPoolExecutor` with a closure would do as well, and costs
// less; processes are for work that may crash, leak, or must be stopped.

import AsyncIO

struct CPUTask: ProcessJob {
  let n: Int

  func run() -> Int { n * n }
}

@main struct Multiprocessing {
  static func main() {
    EventLoop.runMain {
      let pool = ProcessPoolExecutor()
      let results = try await pool.map(CPUTask.init, 0..<10)
      print(results)
      await pool.shutdown()
    }
  }
}
