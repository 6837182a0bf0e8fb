// SPDX-License-Identifier: Apache-2.0
// before_after.py, line by line: a task runs while others wait, and awaiting it waits for its end.

import AsyncIO

func work() async throws -> String {
  print("working")
  try await sleep(.milliseconds(200))
  return "done"
}

func beforeAfter() async throws {
  let task = createTask { try await work() }
  print("before")
  let result = try await task.value
  print("after:", result)
}
