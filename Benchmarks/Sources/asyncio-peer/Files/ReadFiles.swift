// SPDX-License-Identifier: Apache-2.0

import AsyncIO

/// Reads DIR/f0 … f(COUNT-1) whole, several at a time.
@MainActor func measureFiles(_ folder: String, count: Int, concurrency: Int) async throws -> Report {
  let folder = Path(folder)
  var next = 0
  var bytes = 0
  let stopwatch = Stopwatch()
  let readers = (0..<concurrency).map { _ in
    Task {
      while next < count {
        let file = folder / "f\(next)"
        next += 1
        bytes += try await file.readAll().count
      }
    }
  }
  for reader in readers { try await reader.value }
  return stopwatch.report(operations: count).adding("bytes", Double(bytes))
}
