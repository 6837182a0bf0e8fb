// SPDX-License-Identifier: Apache-2.0

import AsyncIO

/// Runs /bin/true repeatedly, several children at a time.
@MainActor func measureChildren(count: Int, concurrency: Int) async throws -> Report {
  var started = 0
  var succeeded = 0
  let stopwatch = Stopwatch()
  let runners = (0..<concurrency).map { _ in
    Task {
      while started < count {
        started += 1
        let child = try await createSubprocessExec("/bin/true")
        if try await child.wait().isSuccess { succeeded += 1 }
      }
    }
  }
  for runner in runners { try await runner.value }
  return stopwatch.report(operations: count).adding("ok", Double(succeeded))
}
