// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Runs a blocking function on a thread of its own. Tests run on as few threads as the machine has cores. One that
/// waits for a program stops other tests, and those in virtual time then report that they make no progress.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    startThread(name: "blocking") { continuation.resume(returning: body()) }
  }
}
