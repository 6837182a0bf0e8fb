// SPDX-License-Identifier: Apache-2.0
// With Foundation or Glibc imported, `sleep(1)` is libc's, which blocks the thread, and with it the loop. An
// unavailable overload would lose against libc's, which is available. An async overload wins in async code: it forces
// `try await`, warns about the missing unit, and sleeps as asyncio's does. It is disfavored, so that `sleep(.zero)` is
// a duration.

import AsyncIOCore

/// Suspends the task for a number of seconds, as asyncio's `sleep(1)` does; libc's `sleep` would block the loop. The
/// warning asks for the unit: `sleep(.seconds(1))`.
///
/// - Throws: `CancellationError` as soon as the task is cancelled.
@_disfavoredOverload
@available(
  *, deprecated, message: "a duration has a unit: 'try await sleep(.seconds(...))'; libc's 'sleep' blocks the loop"
)
public nonisolated(nonsending) func sleep<Seconds: BinaryInteger>(_ seconds: Seconds) async throws {
  try await AsyncIOCore.sleep(.seconds(Int64(clamping: seconds)))
}

/// Suspends the task for a number of seconds with a fraction. The warning asks for the unit.
///
/// - Throws: `CancellationError` as soon as the task is cancelled.
@_disfavoredOverload
@available(
  *, deprecated, message: "a duration has a unit: 'try await sleep(.seconds(...))'; libc's 'sleep' blocks the loop"
)
public nonisolated(nonsending) func sleep(_ seconds: Double) async throws {
  try await AsyncIOCore.sleep(.seconds(seconds))
}
